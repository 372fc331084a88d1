#include "store/s3/date.h"

#include "base/number.h"
#include "base/str.h"

enum { HTTP_DATE_SIZE = 29 };

/* Put together as RFC 3339, which is read elsewhere. */
bool s3_http_date(const char *text, int64_t *ret_us) {
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (strlen(text) != HTTP_DATE_SIZE || !str_ends(text, " GMT"))
        return false;
    char month[4] = {text[8], text[9], text[10], '\0'};
    const char *found = strstr(MONTHS, month);
    if (found == NULL || (found - MONTHS) % 3 != 0)
        return false;
    char date[TIME_TEXT_SIZE];
    snprintf(date, sizeof date, "%.4s-%02d-%.2sT%.8sZ", text + 12, (int)(found - MONTHS) / 3 + 1,
             text + 5, text + 17);
    return number_time(date, ret_us);
}
