/* gateway: a real S3 service for unit tests, versitygw over a temporary folder.
 *
 * scripts/setup test builds it into .deps/bin; WEIR_GATEWAY names another. It listens on the
 * loopback only and ends with the test. Starting also sets the variables by which S3's clients find
 * it and its credentials. */
#ifndef WEIR_TEST_GATEWAY_H
#define WEIR_TEST_GATEWAY_H

#include "base/process.h"

typedef struct gateway {
    process process;
    char folder[32]; /* one folder below per bucket */
    int port;
} gateway;

/* False: there is no versitygw, so the test is to be skipped, visibly. Asserts all else. */
bool gateway_start(gateway *g);
void gateway_make_bucket(const gateway *g, const char *name);
void gateway_stop(gateway *g); /* and remove the folder */

#endif
