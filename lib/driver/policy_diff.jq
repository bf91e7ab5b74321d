# Two tallies and positions of one ledger, $before and $after, by two counting policies: what differs. As text ($format), a line for each
# figure and position; as ndjson, a policy_difference record for each figure (doc/policy.md has its fields). $period: the period that holds
# this day, or of this index; empty for all. $policy_before, $policy_after: the hashes of the two.

def wanted:
  if $period == "" then true
  elif $period | test("^-?[0-9]{1,5}$") then .period_index == ($period | tonumber)
  else .period_start[:10] <= $period[:10] and .period_end[:10] > $period[:10] end;
def of($stream): [.[] | select(.type == "RECORD" and .stream == $stream).record | select(wanted)];
def by(key): reduce .[] as $one ({}; .[$one | key | tojson] = $one);
def signed: if . > 0 then "+\(.)" else "\(.)" end;
def shown: if . == null then "none" else tostring end;

def differences:
  ($before | of("consumption") | by([.period_start, .account_id, .plan_item_id])) as $a
  | ($after | of("consumption") | by([.period_start, .account_id, .plan_item_id])) as $b
  | ($a + $b) | to_entries | sort_by(.value.period_start, .value.account_id, .value.plan_item_id)[]
  | ($a[.key].units_consumed // 0) as $from | ($b[.key].units_consumed // 0) as $to | select($from != $to)
  | .value | {profile: $name, account_id, plan_item_id, period_index, period_start, period_end, units_before: $from, units_after: $to,
    delta: ($to - $from), $policy_before, $policy_after};

def figure:
  "  \(.period_start[:10])  account \(.account_id)  plan item \(.plan_item_id // "none")  \(.units_before) -> \(.units_after) (\(.delta | signed))";

def positions:
  ($before | of("metric_result") | by([.period_start, .software_model, .license_metric])) as $a
  | ($after | of("metric_result") | by([.period_start, .software_model, .license_metric])) as $b
  | ($a + $b) | to_entries | sort_by(.value.period_start, .value.software_model, .value.license_metric)[]
  | $a[.key] as $from | $b[.key] as $to
  | select([$from.rights_used, $from.rights_owned, $from.status] != [$to.rights_used, $to.rights_owned, $to.status])
  | "  \(.value.period_start[:10])  \(.value.software_model), \(.value.license_metric)  used \($from.rights_used | shown) -> \($to.rights_used | shown)"
    + "  owned \($from.rights_owned | shown) -> \($to.rights_owned | shown)  \($from.status | shown) -> \($to.status | shown)";

def text:
  [differences] as $differences | [positions] as $positions
  | if $differences == [] then "\($name): no figure differs"
    else "\($name): \($differences | length) figures differ, \($positions | length) positions", ($differences[] | figure), $positions[] end;

def schema:
  {type: "string"} as $text | {type: "integer"} as $integer | {type: "string", format: "date-time"} as $time
  | {type: "object", properties: {profile: $text, account_id: $text, plan_item_id: {type: ["null", "string"]}, period_index: $integer,
      period_start: $time, period_end: $time, units_before: $integer, units_after: $integer, delta: $integer, policy_before: $text, policy_after: $text}};

def messages:
  {type: "SCHEMA", stream: "policy_difference", schema: schema,
    key_properties: ["profile", "account_id", "plan_item_id", "period_start", "policy_before", "policy_after"]},
  (differences | {type: "RECORD", stream: "policy_difference", record: .})
  | tojson;

if $format == "ndjson" then messages else text end
