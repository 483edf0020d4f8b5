/* OpenSSL's SHA-256 alone. Its newer interface, by names of algorithms, links 3.9 MB of others; this one is called deprecated for it. */
#pragma once
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
