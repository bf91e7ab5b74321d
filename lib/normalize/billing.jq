# docusign_billing to billing_period: the account's billing period and what Docusign counts in it. All scalars of that API are
# strings; "unlimited" and "N/A" stand where numbers do. An account that names no billing period (bought through a reseller) gives none.

# Null for what is not reported.
def text: if type == "string" then gsub("^\\s+|\\s+$"; "") else . end | if . == "" or (type == "string" and ascii_downcase == "n/a") then null else . end;

# Services write these where they have no date.
def date: text | if type == "string" and test("^(0001-01-01|9999-12-31)") then null else . end;

# A number, or "unlimited".
def quantity($name):
  text
  | if . == null then null
    elif type == "number" and . == floor and . >= 0 then .
    elif type == "string" and ascii_downcase == "unlimited" then "unlimited"
    elif type == "string" and test("^[0-9]{1,15}(\\.0+)?$") then tonumber
    else error("\($name) must be a number of units, \"unlimited\" or \"N/A\", it is \(tojson)") end;

# The same of what was used, which has an end.
def count($name): quantity($name) | if . == "unlimited" then error("\($name) must be a number of units, it is \"unlimited\"") else . end;

# Of a charge, which may be of anything: what is no quantity is null there.
def charged: (try quantity("") catch null);

def charge: {
  charge_name: .chargeName,
  charge_type: .chargeType,
  unit_of_measure: .chargeUnitOfMeasure,
  first_effective_date: (.firstEffectiveDate | text),
  last_effective_date: (.lastEffectiveDate | text),
  included_quantity: (.includedQuantity | charged),
  incremental_quantity: (.incrementalQuantity | charged),
  allowed_quantity: (.allowedQuantity | charged),
  used_quantity: (.usedQuantity | charged),
  unit_price: (.unitPrice | text),
  prices: [.prices[]? | objects | {begin_quantity: (.beginQuantity | charged), end_quantity: (.endQuantity | charged), unit_price: (.unitPrice | text)}]
};

.context as $context | .record.account as $account
| [.record.charges | objects | .billingChargeItems | arrays | .[] | objects | charge] as $charges
| def used($name): [$charges[] | select((.charge_name | strings | ascii_downcase) == $name) | .used_quantity | numbers] | if . == [] then null else add end;
  ($account.billingPeriodStartDate | date) as $from
| ($account.billingPeriodEndDate | date) as $to
| select($from != null or $to != null)
| {
  organization_id: $context.organization_id,
  account_id: ($context.account_id // $account.accountIdGuid),
  period_start: $from,
  period_end: $to,
  units_allowed: ($account.billingPeriodEnvelopesAllowed | quantity("billingPeriodEnvelopesAllowed")),
  units_billed: ($account.billingPeriodEnvelopesSent | count("billingPeriodEnvelopesSent")),
  bulk_units: used("bulk_recipient_envelopes"),
  powerform_units: used("powerforms"),
  currency: ($account.currencyCode | text),
  charges: $charges
}
