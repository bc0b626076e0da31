// OpenSSL's libcrypto and libssl for Swift: macros that Swift cannot import.
#pragma once
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// EVP_EC_gen is variadic below. ECDSA with P-256: what every phone understands, with keys that are made at once.
static inline EVP_PKEY *pw_p256_key(void) { return EVP_EC_gen("P-256"); }

static inline STACK_OF(X509) *pw_x509_stack(void) { return sk_X509_new_null(); }
static inline int pw_x509_stack_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
// The stack alone: what is in it belongs to somebody else.
static inline void pw_x509_stack_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }

static inline long pw_bio_bytes(BIO *bio, unsigned char **bytes) { return BIO_get_mem_data(bio, bytes); }

// Made of further macros.
static const int PW_EVP_PKEY_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY;
// The builder keeps the pointers to names, and to values until it is done: names are literals here, Swift's would be gone.
static inline int pw_param_push_rsa(OSSL_PARAM_BLD *builder, const BIGNUM *modulus, const BIGNUM *exponent) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
}
static inline int pw_param_push_p256(OSSL_PARAM_BLD *builder, const void *point, size_t count) {
    return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0)
        && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, count);
}
// OPENSSL_free is a macro.
static inline void pw_openssl_free(void *bytes) { OPENSSL_free(bytes); }

static inline int pw_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
// A name's kind (GEN_DNS, GEN_IPADD, …), and its bytes where it has some.
static inline int pw_general_name(const GENERAL_NAMES *names, int index, const unsigned char **bytes, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *length = 0;
    if (name->type == GEN_DNS || name->type == GEN_IPADD) {
        *bytes = ASN1_STRING_get0_data(name->d.ia5);
        *length = ASN1_STRING_length(name->d.ia5);
    }
    return name->type;
}
static const int PW_GEN_DNS = GEN_DNS;
static const int PW_GEN_IPADD = GEN_IPADD;

// What session tickets are sealed with (SSL_CTX_set_tlsext_ticket_keys is a macro): name, HMAC key and AES key, 80 bytes together.
static const size_t PW_TICKET_KEY_BYTES = 80;
static inline int pw_ssl_ctx_set_ticket_keys(SSL_CTX *context, const unsigned char *keys) {
    return (int)SSL_CTX_set_tlsext_ticket_keys(context, (void *)keys, PW_TICKET_KEY_BYTES);
}

// A context that speaks TLS 1.2 and later. Renegotiation lets a peer make the hub work for nothing; old phones have no AES in hardware
// and are quicker with ChaCha20.
static inline int pw_ssl_ctx_harden(SSL_CTX *context) {
    // Sessions are resumed by tickets; none is kept here for those who do not come back.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}
