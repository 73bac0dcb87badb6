#pragma once
#include <sys/types.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <string.h>
#include <microhttpd.h>

// Swift cannot call C functions with variable arguments, so these few stand here.

typedef void *(*tidemark_mhd_uri_callback)(void *context, const char *uri,
                                           struct MHD_Connection *connection);

struct tidemark_mhd_settings {
  int listen_socket;
  unsigned int threads;
  unsigned int connection_limit;
  unsigned int connections_per_address_limit;
  unsigned int idle_seconds;
  size_t connection_memory_bytes;
};

// Leaves the target as it was sent: whoever splits a path must see an escaped slash as such.
static inline size_t tidemark_mhd_keep_escapes(void *context, struct MHD_Connection *connection,
                                               char *text) {
  (void)context;
  (void)connection;
  return strlen(text);
}

static inline struct MHD_Daemon *tidemark_mhd_start(
    const struct tidemark_mhd_settings *settings, MHD_AccessHandlerCallback handle,
    MHD_RequestCompletedCallback completed, tidemark_mhd_uri_callback began,
    MHD_NotifyConnectionCallback connected, void *context) {
  // Not epoll: quiescing such a daemon takes the listening socket out of the epoll set on the thread
  // that stops it and on the daemon's own, and whichever comes second aborts the process.
  return MHD_start_daemon(
      MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, context,
      MHD_OPTION_LISTEN_SOCKET, settings->listen_socket,
      MHD_OPTION_THREAD_POOL_SIZE, settings->threads,
      MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit,
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->connections_per_address_limit,
      MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory_bytes,
      MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_UNESCAPE_CALLBACK, tidemark_mhd_keep_escapes, NULL,
      MHD_OPTION_NOTIFY_COMPLETED, completed, context,
      MHD_OPTION_URI_LOG_CALLBACK, began, context,
      MHD_OPTION_NOTIFY_CONNECTION, connected, context,
      MHD_OPTION_END);
}

static inline int tidemark_mhd_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : (int)info->connect_fd;
}

static inline const struct sockaddr *tidemark_mhd_address(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  return info == NULL ? NULL : info->client_addr;
}

static inline void *tidemark_mhd_socket_context(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == NULL ? NULL : info->socket_context;
}

static inline size_t tidemark_mhd_header_size(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info == NULL ? 0 : info->header_size;
}
