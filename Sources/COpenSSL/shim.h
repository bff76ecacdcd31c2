#ifndef OFFHOOK_COPENSSL_SHIM_H
#define OFFHOOK_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

/* Function-like macros, casts and variadic functions do not import into Swift; these are their names. */

static inline int offhook_SSL_CTX_set_dtls12_only(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION)
        && SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION);
}

static inline void offhook_SSL_CTX_set_datagram_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
}

static inline long offhook_DTLS_set_link_mtu(SSL *ssl, long mtu) { return DTLS_set_link_mtu(ssl, mtu); }

static inline long offhook_DTLSv1_handle_timeout(SSL *ssl) { return DTLSv1_handle_timeout(ssl); }

/* Microseconds until the retransmission timer fires, or -1 when it does not run. */
static inline long offhook_DTLSv1_timeout_microseconds(SSL *ssl) {
    struct timeval left;
    return DTLSv1_get_timeout(ssl, &left) ? left.tv_sec * 1000000L + left.tv_usec : -1;
}

static inline EVP_PKEY *offhook_EVP_P256_key(void) { return EVP_EC_gen("P-256"); }

static inline void offhook_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

static inline void offhook_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline const char *offhook_openssl_version(void) { return OpenSSL_version(OPENSSL_VERSION_STRING); }

#endif
