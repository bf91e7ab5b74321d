# Two tallies and positions of one ledger, $before and $after, by two counting policies: what differs, a line each. $period: the period that
# holds this day, or of this index; empty for all.

def wanted:
  if $period == "" then true
  elif $period | test("^-?[0-9]{1,5}$") then .period_index == ($period | tonumber)
  else .period_start[:10] <= $period[:10] and .period_end[:10] > $period[:10] end;
def of($stream): [.[] | select(.type == "RECORD" and .stream == $stream).record | select(wanted)];
def by(key): reduce .[] as $one ({}; .[$one | key | tojson] = $one);
def signed: if . > 0 then "+\(.)" else "\(.)" end;
def shown: if . == null then "none" else tostring end;
def account: "account \(.account_id)  plan item \(.plan_item_id // "none")";

def figures:
  ($before | of("consumption") | by([.period_start, .account_id, .plan_item_id])) as $a
  | ($after | of("consumption") | by([.period_start, .account_id, .plan_item_id])) as $b
  | ($a + $b) | to_entries | sort_by(.value.period_start, .value.account_id, .value.plan_item_id)[]
  | ($a[.key].units_consumed // 0) as $from | ($b[.key].units_consumed // 0) as $to | select($from != $to)
  | "  \(.value.period_start[:10])  \(.value | account)  \($from) -> \($to) (\($to - $from | signed))";

def positions:
  ($before | of("metric_result") | by([.period_start, .software_model, .license_metric])) as $a
  | ($after | of("metric_result") | by([.period_start, .software_model, .license_metric])) as $b
  | ($a + $b) | to_entries | sort_by(.value.period_start, .value.software_model, .value.license_metric)[]
  | $a[.key] as $from | $b[.key] as $to
  | select([$from.rights_used, $from.rights_owned, $from.status] != [$to.rights_used, $to.rights_owned, $to.status])
  | "  \(.value.period_start[:10])  \(.value.software_model), \(.value.license_metric)  used \($from.rights_used | shown) -> \($to.rights_used | shown)"
    + "  owned \($from.rights_owned | shown) -> \($to.rights_owned | shown)  \($from.status | shown) -> \($to.status | shown)";

[figures] as $figures | [positions] as $positions
| if $figures == [] then "\($name): no figure differs"
  else "\($name): \($figures | length) figures differ, \($positions | length) positions", $figures[], $positions[] end
