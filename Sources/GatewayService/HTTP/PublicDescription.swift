internal import JSON

/// The public API in the form of OpenAPI 3.1, served at `/openapi.json`.
enum PublicDescription {
  static let document: JSONValue = [
    "openapi": "3.1.0",
    "info": [
      "title": "Tidemark", "version": "1",
      "description": "Anomalies of customers' usage: list them, scan for them, dismiss them.",
    ],
    "security": [["bearer": []]],
    "paths": [
      "/api/customers/{id}/usage/anomalies": ["get": listing],
      "/api/analytics/anomalies/scan": ["post": scanning],
      "/api/analytics/anomalies/{id}/dismiss": ["put": dismissing],
      "/api/v1/operations/{id}": ["get": operation],
    ],
    "components": [
      "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer"]],
      "schemas": ["Problem": problem],
    ],
  ]

  private static let listing: JSONValue = [
    "summary": "A customer's anomalies, worst and newest first",
    "parameters": [
      pathParameter("id", "UUID or external id of the customer"),
      queryParameter("status", "open, acknowledged, recovering, resolved, dismissed, withdrawn"),
      queryParameter("severity", "info, warning, critical"),
      queryParameter(
        "type",
        "drop, spike, level_down, level_up, gradual_decline, seasonal_change, abandonment, plateau,"
          + " adoption, growth_stall, mix_shift, platform_outage"),
      queryParameter("metric", "name of the metric"),
      queryParameter("from", "detected at or after this date or time"),
      queryParameter("to", "detected before this date or time"),
      queryParameter("page_size", "0 is 50; at most 1,000"),
      queryParameter("page_token", "next_page_token of the page before"),
    ],
    "responses": responses("200"),
  ]

  private static let scanning: JSONValue = [
    "summary": "Starts a scan; the Idempotency-Key header makes a repeat harmless",
    "requestBody": body([
      "customers": ["type": "array", "items": ["type": "string"], "maxItems": 1000],
      "granularity": ["enum": ["5min", "hour", "day", "week"]],
      "notify_history": ["type": "boolean"],
      "dry_run": ["type": "boolean"],
    ]),
    "responses": responses("202"),
  ]

  private static let dismissing: JSONValue = [
    "summary": "Says that an anomaly is no problem; a repeat changes nothing",
    "parameters": [pathParameter("id", "UUID of the anomaly")],
    "requestBody": body([
      "reason": ["type": "string", "maxLength": 2000],
      "comment": ["type": "string", "maxLength": 4000],
      "verdict": ["enum": .array(PublicAPI.verdicts.map(JSONValue.string))],
    ]),
    "responses": responses("200"),
  ]

  private static let operation: JSONValue = [
    "summary": "How far a scan is",
    "parameters": [pathParameter("id", "operation_id of the scan")],
    "responses": responses("200"),
  ]

  private static let problem: JSONValue = [
    "type": "object", "required": ["type", "title", "status", "detail", "code"],
    "properties": [
      "type": ["type": "string", "format": "uri"], "title": ["type": "string"],
      "status": ["type": "integer"], "detail": ["type": "string"], "code": ["type": "string"],
      "trace_id": ["type": "string"],
    ],
  ]

  private static func pathParameter(_ name: String, _ description: String) -> JSONValue {
    parameter(name, "path", description, isRequired: true)
  }

  private static func queryParameter(_ name: String, _ description: String) -> JSONValue {
    parameter(name, "query", description, isRequired: false)
  }

  private static func parameter(
    _ name: String, _ place: String, _ description: String, isRequired: Bool
  ) -> JSONValue {
    [
      "name": .string(name), "in": .string(place), "required": .bool(isRequired),
      "description": .string(description), "schema": ["type": "string"],
    ]
  }

  private static func body(_ properties: JSONObject) -> JSONValue {
    let schema: JSONValue = [
      "type": "object", "additionalProperties": false, "properties": .object(properties),
    ]
    return ["content": ["application/json": ["schema": schema]]]
  }

  private static func responses(_ success: String) -> JSONValue {
    let refusal: JSONValue = [
      "description": "A problem in the form of RFC 9457",
      "content": [
        "application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]
      ],
    ]
    let good: JSONValue = [
      "description": "Done", "content": ["application/json": ["schema": ["type": "object"]]],
    ]
    return .object([success: good, "default": refusal])
  }
}
