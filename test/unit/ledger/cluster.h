/* cluster: the PostgreSQL server of a test program (test/harness/cluster.py), started when first
 * asked for. */
#ifndef WEIR_TEST_LEDGER_CLUSTER_H
#define WEIR_TEST_LEDGER_CLUSTER_H

/* Of its database, with parameters: a schema can be added with &. Ends the program with a message
 * when there is no server. */
const char *cluster_uri(void);
void cluster_stop(void); /* if one was started */

#endif
