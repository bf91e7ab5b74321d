/*
 * files.h: feeds in other formats than pages of JSON: exports, and lists of items that are then downloaded.
 *
 * What arrived at the clock, as one of the formats json, ndjson and csv, bare or packed by gzip or ZIP, and elements by themselves.
 */
#ifndef SIMULATOR_FILES_H
#define SIMULATOR_FILES_H

#include "answer.h"
#include "world.h"

#define FILES_PER 20 /* entries of a file of a list */

/* GET /export/accounts/ID/envelopes.EXT: EXT is json, ndjson or csv, and .gz or .zip after it. */
void files_export(const struct world_account *account, const struct world *world, const char *extension, struct answer *answer);

/* GET /files/accounts/ID: {"files":[{"id","url"}]}, the URLs on the other host. */
void files_list(const struct world_account *account, const struct world *world, const char *other_base, struct answer *answer);

/* GET /files/ID-N.csv.zip?signature=… on the other host, which refuses a token. */
void files_file(const struct world *world, const struct request *request, const char *name, struct answer *answer);

/* GET /files/accounts/ID/links: a page of envelopes, with a link to the next one, if any. */
void files_links(const struct world_account *account, const struct world *world, const struct request *request, struct answer *answer);

/* GET …/accounts/ID/data_feeds/data?cursor=, a list of a model's, and …/data/ELEMENT, the SDKs' operation. */
void files_elements(const struct world_account *account, const struct world *world, const struct request *request, struct answer *answer);
void files_element(const struct world_account *account, const struct world *world, const char *element, struct answer *answer);

#endif
