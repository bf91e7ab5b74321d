#include "service.h"

#include "feed.h"
#include "files.h"
#include "limit.h"
#include "token.h"

#include <stdio.h>
#include <string.h>

#define EXPIRED "The access token provided is expired, revoked or malformed."
#define LACKING "This user lacks sufficient permissions to access this resource."

static const struct world *world;
static char base_uri[64], other_uri[64];
static bool has_two_hosts;

void service_set(const struct world *served, const char *base, const char *other_base, bool two_hosts)
{
	world = served;
	has_two_hosts = two_hosts;
	snprintf(base_uri, sizeof base_uri, "%s", two_hosts ? other_base : base);
	snprintf(other_uri, sizeof other_uri, "%s", other_base);
}

/* Is the request at the other host? */
static bool is_at_other(const struct request *request)
{
	return strcasecmp(request->host, strstr(other_uri, "://") + 3) == 0;
}

/* Returns the token, or NULL with a 401 or, when it lacks the scope or a user, a 403, in the Admin API's shape. */
static const struct token *admit_admin(const struct request *request, const char *scope, struct answer *answer)
{
	const struct token *token = token_find(request);
	if (!token) {
		answer_header(answer, "WWW-Authenticate", "Bearer");
		answer_admin_error(answer, 401, *request->authorization ? "invalid_token" : "unauthorized", EXPIRED);
		return NULL;
	}
	/* An application without scopes has those that its key is authorised for. */
	if (token_has_scope(token, scope) || (!*token->scopes && !*token->user_id))
		return token;
	answer_admin_error(answer, 403, "insufficient_scope", LACKING);
	return NULL;
}

static const struct token *admit(const struct request *request, struct answer *answer)
{
	const struct token *token = token_find(request);
	if (!token) {
		answer_header(answer, "WWW-Authenticate", "Bearer");
		if (*request->authorization)
			answer_error(answer, 401, "AUTHORIZATION_INVALID_TOKEN", EXPIRED);
		else
			answer_error(answer, 401, "PARTNER_AUTHENTICATION_FAILED",
				"The specified Integrator Key was not found or is disabled. An Integrator key was not "
				"specified.");
	}
	return token;
}

static void answer_userinfo(const struct request *request, struct answer *answer)
{
	const struct token *token = token_find(request);
	if (!token || !*token->user_id) {
		answer_admin_error(answer, 401, "internal_server_error", NULL);
		return;
	}
	jv accounts = jv_array();
	for (uint32_t i = 0; i < world->account_count; i++)
		accounts = jv_array_append(accounts,
			JV_OBJECT(jv_string("account_id"), jv_string(world->accounts[i].id), jv_string("is_default"), jv_bool(i == 0),
				jv_string("account_name"), jv_string(world->accounts[i].name), jv_string("base_uri"), jv_string(base_uri),
				jv_string("organization"), JV_OBJECT(jv_string("organization_id"), jv_string(world->organization_id))));
	answer_json(answer, 200,
		JV_OBJECT(jv_string("sub"), jv_string(token->user_id), jv_string("name"), jv_string("Sam Admin"), jv_string("given_name"),
			jv_string("Sam"), jv_string("family_name"), jv_string("Admin"), jv_string("created"),
			jv_string("2020-01-01T00:00:00.0000000Z"), jv_string("email"), jv_string("sam@example.com"), jv_string("accounts"),
			accounts));
}

static void answer_organizations(const struct request *request, struct answer *answer)
{
	const struct token *token = admit_admin(request, "organization_read", answer);
	if (token && !*token->user_id)
		answer_admin_error(answer, 403, "access_denied", "A user is needed: an application token has none.");
	else if (token)
		answer_json(answer, 200, jv_copy(world->organizations));
}

static void answer_plan_items(const struct request *request, struct answer *answer)
{
	if (admit_admin(request, "organization_sub_account_read", answer))
		answer_json(answer, 200, jv_copy(world->plan_items));
}

static void answer_asset_group_accounts(const struct request *request, struct answer *answer)
{
	const char *compliant = request_parameter(request, "compliant");
	if (!admit_admin(request, "asset_group_account_read", answer))
		return;
	if (!compliant || (strcasecmp(compliant, "true") != 0 && strcasecmp(compliant, "false") != 0)) {
		answer_json(answer, 200, jv_copy(world->asset_group_accounts));
		return;
	}
	jv_kind wanted = strcasecmp(compliant, "true") == 0 ? JV_KIND_TRUE : JV_KIND_FALSE;
	jv all = jv_object_get(jv_copy(world->asset_group_accounts), jv_string("assetGroupAccounts")), some = jv_array();
	jv_array_foreach(all, i, account)
	{
		jv value = jv_object_get(jv_copy(account), jv_string("compliant"));
		if (jv_get_kind(value) == wanted)
			some = jv_array_append(some, jv_copy(account));
		jv_free(value);
		jv_free(account);
	}
	jv_free(all);
	answer_json(answer, 200, JV_OBJECT(jv_string("assetGroupAccounts"), some));
}

static void answer_organization(const struct request *request, const char *rest, struct answer *answer)
{
	char id[40];
	size_t length = strcspn(rest, "/");
	snprintf(id, sizeof id, "%.*s", (int)length, rest);
	rest += length;
	if (strcmp(rest, "/planItems") != 0 && strcmp(rest, "/assetGroups/accounts") != 0)
		answer_admin_error(answer, 404, "not_found", "There is no such resource.");
	else if (!token_find(request))
		admit_admin(request, "", answer);
	else if (strcasecmp(id, world->organization_id) != 0)
		answer_admin_error(answer, 404, "organization_not_found", "There is no such organization.");
	else if (strcmp(rest, "/planItems") == 0)
		answer_plan_items(request, answer);
	else
		answer_asset_group_accounts(request, answer);
}

static void answer_stream(const struct request *request, const char *rest, enum fault_kind fault, struct answer *answer)
{
	const char *account_id = request_parameter(request, "accountId");
	const struct world_account *account = account_id ? world_find_account(world, account_id) : NULL;
	if (!admit(request, answer))
		return;
	if (strcmp(rest, "monitor/stream") == 0)
		feed_stream(world, FEED_WHOLE_ORGANIZATION, request, fault, answer);
	else if (strcmp(rest, "envelopes/stream") != 0)
		answer_error(answer, 404, "DATASET_NOT_FOUND", "There is no such data set.");
	else if (!account_id)
		answer_error(answer, 400, "INVALID_REQUEST_PARAMETER", "The parameter accountId is needed.");
	else if (!account)
		answer_error(answer, 404, "ACCOUNT_NOT_FOUND", "There is no such account.");
	else
		feed_stream(world, account, request, fault, answer);
}

static void answer_account(const struct request *request, const char *rest, const struct fault_choice *fault, struct answer *answer)
{
	char id[40];
	size_t length = strcspn(rest, "/");
	snprintf(id, sizeof id, "%.*s", (int)length, rest);
	rest += length;
	const struct world_account *account = world_find_account(world, id);
	const struct token *token = admit(request, answer);
	if (!token)
		return;
	/* An application token is for the Admin API and the data sets only. */
	if (!*token->user_id || !token_has_scope(token, "signature") || !account)
		answer_error(answer, 403, "USER_LACKS_PERMISSIONS", LACKING);
	else if (!*rest)
		feed_account(world, account, answer);
	else if (strcmp(rest, "/envelopes") == 0)
		feed_envelopes(world, account, request, fault->kind == FAULT_SHRINK ? (uint32_t)fault->value : 0, answer);
	else if (strcmp(rest, "/data_feeds/data") == 0)
		files_elements(account, world, request, answer);
	else if (strncmp(rest, "/data_feeds/data/", 17) == 0)
		files_element(account, world, rest + 17, answer);
	else if (strcmp(rest, "/billing_charges") == 0)
		feed_billing_charges(world, account, answer);
	else
		answer_error(answer, 404, "RESOURCE_NOT_FOUND", "The URL provided does not resolve to a resource.");
}

/* Monitor's newer address: it wants an impersonated user, and names the organisation. */
static void answer_monitor(const struct request *request, const char *rest, enum fault_kind fault, struct answer *answer)
{
	size_t length = strcspn(rest, "/");
	const struct token *token = admit(request, answer);
	if (!token)
		return;
	if (strcmp(rest + length, "/stream") != 0)
		answer_error(answer, 404, "RESOURCE_NOT_FOUND", "The URL provided does not resolve to a resource.");
	else if (length != strlen(world->organization_id) || strncasecmp(rest, world->organization_id, length) != 0)
		answer_error(answer, 404, "ORGANIZATION_NOT_FOUND", "There is no such organization.");
	else if (!*token->user_id)
		answer_error(answer, 403, "USER_LACKS_PERMISSIONS", LACKING);
	else
		feed_stream(world, FEED_WHOLE_ORGANIZATION, request, fault, answer);
}

/* Exports and lists of files, by account. */
static void answer_files(const struct request *request, const char *rest, bool is_export, struct answer *answer)
{
	char id[40];
	size_t length = strcspn(rest, "/");
	snprintf(id, sizeof id, "%.*s", (int)length, rest);
	const struct world_account *account = world_find_account(world, id);
	if (!admit(request, answer))
		return;
	if (!account)
		answer_error(answer, 404, "ACCOUNT_NOT_FOUND", "There is no such account.");
	else if (is_export && strncmp(rest + length, "/envelopes.", 11) == 0)
		files_export(account, world, rest + length + 11, answer);
	else if (!is_export && strcmp(rest + length, "/links") == 0)
		files_links(account, world, request, answer);
	else if (!is_export && !rest[length])
		files_list(account, world, other_uri, answer);
	else
		answer_error(answer, 404, "RESOURCE_NOT_FOUND", "The URL provided does not resolve to a resource.");
}

/* What follows `prefix` in the path, or NULL. */
static const char *after(const char *path, const char *prefix)
{
	size_t length = strlen(prefix);
	return strncasecmp(path, prefix, length) == 0 ? path + length : NULL;
}

static void route(const struct request *request, const struct fault_choice *fault, struct answer *answer)
{
	const char *path = request->path, *rest;
	bool is_get = strcmp(request->method, "GET") == 0;
	if (strcmp(path, "/oauth/token") == 0 && strcmp(request->method, "POST") == 0)
		token_grant(request, fault->kind == FAULT_QUOTED_EXPIRY, answer);
	else if (strcmp(path, "/oauth/userinfo") == 0 && is_get)
		answer_userinfo(request, answer);
	else if (strcmp(path, "/oauth/auth") == 0 && is_get)
		token_consent(request, answer);
	else if (after(path, "/oauth/"))
		answer_admin_error(answer, 404, "not_found", NULL);
	else if ((rest = after(path, "/files/")) && !after(rest, "accounts/"))
		files_file(world, request, rest, answer);
	else if (limit_count(request, answer, fault->kind == FAULT_FAR_RESET ? fault->value : 0) < 0)
		return;
	else if (!is_get)
		answer_error(answer, 405, "METHOD_NOT_ALLOWED", "Only GET is simulated here.");
	else if (has_two_hosts && is_at_other(request) != (after(path, "/restapi/") != NULL))
		answer_error(answer, 404, "RESOURCE_NOT_FOUND", "This is another host's.");
	else if ((rest = after(path, "/export/accounts/")))
		answer_files(request, rest, true, answer);
	else if ((rest = after(path, "/files/accounts/")))
		answer_files(request, rest, false, answer);
	else if ((rest = after(path, "/Management/v2/organizations/")))
		answer_organization(request, rest, answer);
	else if (after(path, "/Management/v2/organizations"))
		answer_organizations(request, answer);
	else if ((rest = after(path, "/api/v2.0/datasets/")) || (rest = after(path, "/api/v2/datasets/")))
		answer_stream(request, rest, fault->kind, answer);
	else if ((rest = after(path, "/v1/organizations/")))
		answer_monitor(request, rest, fault->kind, answer);
	else if ((rest = after(path, "/restapi/v2.1/accounts/")))
		answer_account(request, rest, fault, answer);
	else
		answer_error(answer, 404, "RESOURCE_NOT_FOUND", "The URL provided does not resolve to a resource.");
}

/* Those faults that are answers of their own. */
static void spoil(const struct fault_choice *fault, struct answer *answer)
{
	switch (fault->kind) {
	case FAULT_408:
		answer_error(answer, 408, "REQUEST_TIMEOUT", "The request took too long.");
		break;
	case FAULT_429:
		limit_exceeded(answer, 429, false);
		limit_retry_after(answer, fault->value);
		break;
	case FAULT_500:
		answer_error(answer, 500, "UNSPECIFIED_ERROR", "An unspecified error occurred.");
		break;
	case FAULT_503:
		answer->status = 503;
		answer->content_type = "text/html";
		buffer_append_string(&answer->body, "<html><body><h1>503 Service Unavailable</h1></body></html>\n");
		break;
	case FAULT_REFUSE_ACCOUNT:
		answer_error(answer, 403, "USER_LACKS_PERMISSIONS", LACKING);
		break;
	case FAULT_UNKNOWN_CURSOR:
		answer_error(answer, 400, "INVALID_CURSOR", "The cursor is not known.");
		break;
	case FAULT_CONSENT_REQUIRED:
		answer_admin_error(answer, 400, "consent_required", NULL);
		break;
	case FAULT_TOKEN_ERROR:
		answer_admin_error(answer, (unsigned)fault->value, "temporarily_unavailable", "The service is busy.");
		break;
	case FAULT_HOURLY_400:
		limit_exceeded(answer, 400, true);
		break;
	case FAULT_BURST_400:
		limit_exceeded(answer, 400, false);
		break;
	case FAULT_ERROR_200:
		answer_error(answer, 200, "UNSPECIFIED_ERROR", "An unspecified error occurred.");
		break;
	case FAULT_WRONG_TYPE:
		answer->content_type = "text/html";
		buffer_append_string(&answer->body, "<!doctype html><title>Sign in</title><p>Please sign in to the network.\n");
		break;
	default:
		break;
	}
}

void service_answer(const struct request *request, const struct fault_choice *fault, struct answer *answer)
{
	spoil(fault, answer);
	if (answer->body.length)
		return;
	if (fault->kind == FAULT_EXPIRED_TOKEN)
		token_revoke(request);
	route(request, fault, answer);
}
