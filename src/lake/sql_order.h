/* sql_order: may the order of rows change the result's content? For sql_infer only. */
#ifndef WEIR_LAKE_SQL_ORDER_H
#define WEIR_LAKE_SQL_ORDER_H

#include "lake/sql.h"

/* Conservative: what is not known to be free of it is sensitive. */
bool sql_is_order_sensitive(const sql_question *question, arena *a);

#endif
