#include "auth/pbe_cost.h"

#include <openssl/asn1t.h>
#include <openssl/objects.h>

/* A number of the file: too large for any limit if it is negative or does not fit. */
static int64_t number(const ASN1_INTEGER *integer)
{
	long value = integer ? ASN1_INTEGER_get(integer) : 1;
	return value < 0 || value > PBE_COST_LIMIT ? PBE_COST_LIMIT + 1 : value;
}

static int64_t product(int64_t a, int64_t b)
{
	return a * b > PBE_COST_LIMIT ? PBE_COST_LIMIT + 1 : a * b;
}

static void *unpack(const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
	const void *value;
	int type;
	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	return type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, item) : NULL;
}

static int nid_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object;
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return OBJ_obj2nid(object);
}

static int64_t cost_of_derivation(const X509_ALGOR *derivation)
{
	int64_t cost = 0;
	if (nid_of(derivation) == NID_id_pbkdf2) {
		PBKDF2PARAM *parameters = unpack(derivation, ASN1_ITEM_rptr(PBKDF2PARAM));
		cost = parameters ? number(parameters->iter) : 0;
		PBKDF2PARAM_free(parameters);
	} else if (nid_of(derivation) == NID_id_scrypt) {
		SCRYPT_PARAMS *parameters = unpack(derivation, ASN1_ITEM_rptr(SCRYPT_PARAMS));
		cost = parameters ? product(number(parameters->costParameter),
					    product(number(parameters->blockSize), number(parameters->parallelizationParameter)))
				  : 0;
		SCRYPT_PARAMS_free(parameters);
	}
	return cost;
}

int pbe_cost_add(int64_t *cost, const X509_ALGOR *algorithm, struct error *error)
{
	if (nid_of(algorithm) == NID_pbes2) {
		PBE2PARAM *scheme = unpack(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
		*cost += scheme ? cost_of_derivation(scheme->keyfunc) : 0;
		PBE2PARAM_free(scheme);
	} else {
		PBEPARAM *parameters = unpack(algorithm, ASN1_ITEM_rptr(PBEPARAM));
		*cost += parameters ? number(parameters->iter) : 0;
		PBEPARAM_free(parameters);
	}
	return *cost > PBE_COST_LIMIT
		? error_set(error, EX_DATAERR,
			  "its encryption asks for more than %d iterations: it is damaged, or encrypt it again with fewer", PBE_COST_LIMIT)
		: 0;
}
