/* date: times as S3 writes them in replies. */
#ifndef WEIR_STORE_S3_DATE_H
#define WEIR_STORE_S3_DATE_H

#include "base/base.h"

/* "Wed, 12 Oct 2009 17:50:00 GMT", as HTTP says it. False: something else. */
bool s3_http_date(const char *text, int64_t *ret_us);

#endif
