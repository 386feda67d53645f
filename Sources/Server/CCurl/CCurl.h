#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

// Swift cannot call functions of a variable number of arguments: one for each type of them.

// Names the calling thread for the system, in at most 15 bytes.
static inline void yolo_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline CURLcode yolo_curl_set_number(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode yolo_curl_set_size(CURL *handle, CURLoption option, int64_t value) {
  return curl_easy_setopt(handle, option, (curl_off_t)value);
}

static inline CURLcode yolo_curl_set_text(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode yolo_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode yolo_curl_set_list(
  CURL *handle, CURLoption option, struct curl_slist *value
) {
  return curl_easy_setopt(handle, option, value);
}

// Copies the bytes.
static inline CURLcode yolo_curl_set_bytes(
  CURL *handle, CURLoption option, const void *bytes, size_t count
) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(handle, option, &blob);
}

// Copies the bytes.
static inline CURLcode yolo_curl_set_body(CURL *handle, const void *bytes, size_t count) {
  CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
  if (code != CURLE_OK) return code;
  return curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, count ? bytes : (const void *)"");
}

static inline CURLcode yolo_curl_set_data_function(
  CURL *handle, CURLoption option,
  size_t (*function)(char *_Nullable data, size_t size, size_t count, void *_Nullable context)
) {
  return curl_easy_setopt(handle, option, function);
}

static inline CURLcode yolo_curl_set_socket_function(
  CURL *handle,
  curl_socket_t (*function)(
    void *_Nullable context, curlsocktype purpose, struct curl_sockaddr *_Nullable address)
) {
  return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}

// Only http and https, or https alone; redirects are never followed by libcurl itself.
static inline CURLcode yolo_curl_set_protocols(CURL *handle, int allows_http) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(
    handle, CURLOPT_PROTOCOLS_STR, allows_http ? "http,https" : "https");
#else
  return curl_easy_setopt(
    handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | (allows_http ? CURLPROTO_HTTP : 0)));
#endif
}

static inline long yolo_curl_status(CURL *handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

// The address that a redirect of the answer leads to, absolute; it lives as long as the handle.
static inline const char *_Nullable yolo_curl_redirect(CURL *handle) {
  char *address = NULL;
  curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &address);
  return address;
}

// The bytes of an address of IPv6, or of IPv4 in its mapped form; returns 6, 4, or 0 for others.
static inline int yolo_curl_address(const struct curl_sockaddr *address, uint8_t bytes[16]) {
  memset(bytes, 0, 16);
  if (address->family == AF_INET6 && address->addrlen >= sizeof(struct sockaddr_in6)) {
    struct sockaddr_in6 whole;
    memcpy(&whole, &address->addr, sizeof(whole));
    memcpy(bytes, &whole.sin6_addr, 16);
    return 6;
  }
  if (address->family == AF_INET && address->addrlen >= sizeof(struct sockaddr_in)) {
    struct sockaddr_in whole;
    memcpy(&whole, &address->addr, sizeof(whole));
    bytes[10] = bytes[11] = 0xFF;
    memcpy(bytes + 12, &whole.sin_addr, 4);
    return 4;
  }
  return 0;
}
