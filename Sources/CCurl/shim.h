#pragma once
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

// Swift cannot call variadic functions: one wrapper for each kind of argument.

static inline CURLcode tidemark_curl_set_number(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode tidemark_curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode tidemark_curl_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

static inline CURLcode tidemark_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

typedef size_t (*tidemark_curl_transfer_callback)(char *bytes, size_t size, size_t count,
                                                  void *context);

static inline CURLcode tidemark_curl_set_transfer_callback(
    CURL *easy, CURLoption option, tidemark_curl_transfer_callback callback) {
  return curl_easy_setopt(easy, option, callback);
}

typedef curl_socket_t (*tidemark_curl_socket_callback)(void *context, curlsocktype purpose,
                                                       struct curl_sockaddr *address);

static inline CURLcode tidemark_curl_set_socket_callback(CURL *easy,
                                                         tidemark_curl_socket_callback callback) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
}

static inline CURLcode tidemark_curl_get_number(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode tidemark_curl_get_size(CURL *easy, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode tidemark_curl_get_text(CURL *easy, CURLINFO info, const char **value) {
  return curl_easy_getinfo(easy, info, value);
}

// The result is in a union that Swift sees only as bytes.
static inline CURLcode tidemark_curl_message_result(const CURLMsg *message) {
  return message->data.result;
}

// Copies at most `room` bytes of the address that is about to be connected to.
static inline unsigned tidemark_curl_address_bytes(const struct curl_sockaddr *address,
                                                   unsigned char *bytes, unsigned room) {
  unsigned length = address->addrlen < room ? address->addrlen : room;
  const unsigned char *source = (const unsigned char *)&address->addr;
  for (unsigned at = 0; at < length; at++) bytes[at] = source[at];
  return length;
}
