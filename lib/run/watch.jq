# What is known of profiles (watch_print.h), for monitors. Input: {"form": NAME, "label": LABEL or null, "of": [JSON of each profile]}; output:
# {"text": TEXT}.

# ---- prometheus ----

def escaped: gsub("\\\\"; "\\\\") | gsub("\""; "\\\"") | gsub("\n"; "\\n");
def labels: "{" + ([to_entries[] | "\(.key)=\"\(.value | tostring | escaped)\""] | join(",")) + "}";
def seconds: if . == null then null else (.[0:19] + "Z" | fromdate) end;
def number: if . == "unlimited" then "+Inf" elif type == "boolean" then (if . then 1 else 0 end) else . end;

# A sample for each input of [labels, value] whose value is known.
def metric(name; help; samples):
	[samples | select(.[1] != null) | "\(name)\(.[0] | labels) \(.[1] | number)"]
	| if length == 0 then empty else "# HELP \(name) \(help)", "# TYPE \(name) gauge", .[] end;
def by_profile(value): .[] | [{profile}, value];
def run_of(value): .[] | select(.last_run) | [{profile}, (.last_run | value)];
def of_runs: map(select(.is_workspace | not));
def position(value): .[] | {profile} as $of | .positions[] | [$of + {software_model, license_metric}, value];

# Where use beyond the rights owned is missing rights of this profile: not covered by an agreement, not unlimited. Rights that several profiles
# share are the workspace's.
def is_limited($of): (.is_covered | not) and ($of.is_workspace or (.is_shared | not)) and (.rights_owned | type) == "number" and .rights_used != null;
def percent: if .rights_used <= 0 then 0 elif .rights_owned <= 0 then 100 else .rights_used * 100 / .rights_owned end;

def prometheus:
	metric("envtally_healthy"; "1 if nothing needs attention, as status --check says."; by_profile(.healthy)),
	metric("envtally_attention"; "1 for each thing that needs attention.";
		.[] | {profile} as $of | .attention[] | [$of + {problem: .}, 1]),
	metric("envtally_verdict"; "1 for the verdict: Not Compliant, Incomplete, At risk or Compliant.";
		.[] | select(.verdict) | [{profile, verdict: (.verdict | sub(":.*"; ""; "s"))}, 1]),
	(of_runs |
		metric("envtally_last_success_timestamp_seconds"; "Clock of the last run that succeeded."; by_profile(.last_success_at | seconds)),
		metric("envtally_last_run_timestamp_seconds"; "Clock of the last run."; run_of(.started_at | seconds)),
		metric("envtally_last_run_partial"; "1 if the last run could not read some account."; run_of(.state != "succeeded")),
		metric("envtally_last_run_duration_seconds"; "How long the last run took."; run_of(.seconds)),
		metric("envtally_last_run_requests"; "Requests of the last run."; run_of(.requests)),
		metric("envtally_last_run_accounts_due"; "Accounts that were due when the last run began."; run_of(.accounts_due)),
		metric("envtally_last_run_accounts_asked"; "Accounts that the last run asked."; run_of(.accounts_asked)),
		metric("envtally_last_run_accounts_put_off"; "Accounts that the last run put off for want of requests."; run_of(.accounts_put_off)),
		metric("envtally_last_run_restatements"; "Reported figures that the last run restated."; run_of(.restatements)),
		metric("envtally_last_run_rejected_records"; "Records that the last run rejected."; run_of(.rejects)),
		metric("envtally_runs"; "Runs by state."; .[] | {profile} as $of | .runs | to_entries[] | [$of + {state: .key}, .value]),
		metric("envtally_accounts"; "Accounts of the organization."; by_profile(.feeds.accounts)),
		metric("envtally_accounts_week_behind"; "Accounts whose feed has not advanced for 7 days, or was never read."; by_profile(.feeds.week_behind)),
		metric("envtally_accounts_due"; "Older name of envtally_accounts_week_behind."; by_profile(.feeds.due)),
		metric("envtally_accounts_stale"; "Accounts whose feed is stale, or was never read."; by_profile(.feeds.stale)),
		metric("envtally_accounts_never_read"; "Accounts whose feed was never read."; by_profile(.feeds.never_read)),
		metric("envtally_oldest_feed_age_seconds"; "Age of the feed that is furthest behind.";
			by_profile(if .feeds.oldest_at then (.clock | seconds) - (.feeds.oldest_at | seconds) else null end)),
		metric("envtally_newest_feed_age_seconds"; "Age of the feed that is furthest ahead.";
			by_profile(if .feeds.newest_at then (.clock | seconds) - (.feeds.newest_at | seconds) else null end)),
		metric("envtally_undated_envelopes"; "Envelopes past a draft without a sent time."; by_profile(.undated)),
		metric("envtally_disk_bytes"; "Space on disk."; .[] | {profile} as $of | .disk | to_entries[] | [$of + {kind: .key}, .value])),
	metric("envtally_units_in_positions"; "Units of all periods that are in a position."; .[] | select(.units) | [{profile}, .units.in_positions]),
	metric("envtally_units_without_position"; "Units of all periods that are in none."; .[] | select(.units) | [{profile}, .units.without_position]),
	metric("envtally_rights_used"; "Rights used in the latest period."; position(.rights_used)),
	metric("envtally_declared_units"; "Of the rights used, those that consumption.csv declares."; position(.declared_units)),
	metric("envtally_rights_owned"; "Rights owned in the latest period; +Inf if unlimited."; position(.rights_owned)),
	metric("envtally_rights_missing"; "Rights that are missing in the latest period."; position(.unlicensed_rights)),
	metric("envtally_rights_used_ratio"; "Share of the rights used in the open period, where more use means missing rights.";
		.[] | . as $of | .positions[] | select(.period_state == "open" and is_limited($of))
		| [($of | {profile}) + {software_model, license_metric}, percent / 100]),
	metric("envtally_run_out_days"; "Days until the rights are expected to run out; 0 if they have.";
		position(if .is_covered then null else .days_left end));

# ---- alerts ----

# A key is what holds, once; its line has no tab.
def alert(key; members): "\([.profile] + key | tojson)\t\({event: "alert", kind: key[0], profile, clock} + members | tojson)";

def thresholds:
	. as $of | .positions[]
	| select(.period_state == "open" and is_limited($of))
	| . as $position | (percent | floor) as $percent
	| [100, 90, 75] | map(select(. <= $percent)) | to_entries[]
	| .value as $threshold | .key as $place
	| ["threshold", $position.software_model, $position.license_metric, $position.period_start, $threshold] as $key
	| $of
	| if $place > 0 then "\([.profile] + $key | tojson)\t"
	  else alert($key; {threshold: $threshold, percent: $percent} + ($position | {software_model, license_metric, period_start, period_end, rights_owned, rights_used, unlicensed_rights})
		+ {message: "\($of.profile): \($position.software_model): \($position.rights_used) of \($position.rights_owned) rights are used (\($percent)%)"})
	  end;

# How the keys of each begin.
def profiles: .[] | [.profile] | tojson | rtrimstr("]");

def alerts:
	.[] | select(.positions) | thresholds,
	(. as $of | .positions[] | select(.warning and (.is_covered | not)) | . as $position | $of
		| alert(["run_out", $position.software_model, $position.license_metric, $position.period_start];
			($position | {software_model, license_metric, period_start, exhausted_on, days_left, has_run_out})
			+ {message: "\(.profile): \($position.software_model): rights \(if $position.has_run_out then "ran out on \($position.exhausted_on)" else "are expected to run out on \($position.exhausted_on), in \($position.days_left) days" end)"})),
	(select(.is_workspace | not) |
		(select(.feeds.stale > 0) | alert(["stale_feed"]; {accounts: .feeds.stale, stale_accounts: .feeds.stale_accounts,
			message: "\(.profile): \(.feeds.stale) of \(.feeds.accounts) feeds are stale or were never read"})),
		(select(.last_run.restatements > 0) | alert(["restatement", .last_run.run]; {run: .last_run.run, restatements: .last_run.restatements,
			message: "\(.profile): run \(.last_run.run) restated \(.last_run.restatements) reported figures"})),
		(select(.damage or .does_not_add_up or .runs.lost > 0) | alert(["damaged_evidence", .damage, .does_not_add_up, .runs.lost];
			{lost: .runs.lost, damage, does_not_add_up,
			message: "\(.profile): evidence of runs is damaged or lost: \(.damage // .does_not_add_up // "\(.runs.lost) run(s) lost" | rtrimstr("\n"))"})));

# ---- summary ----

def summary:
	.[] | if .is_workspace then "\(.profile): \(.verdict)"
	else "\(.profile): "
		+ (if (.exit_status // 0) == 0 or .last_run == null then "" else "the run ended with status \(.exit_status); " end)
		+ (if .last_run == null then "nothing was run yet\(if (.exit_status // 0) != 0 then ", status \(.exit_status)" else "" end)"
		   else .last_run | "run \(.run) \(.state), \(.figures) figures, \(.restatements) restated, \(.rejects) rejected\(if .requests then ", \(.requests) requests" else "" end)\(if .seconds then ", \(.seconds) s" else "" end)" end)
		+ (if .healthy then "" else "; attention: \(.attention | join(", "))" end)
		+ (if .verdict then "; \(.verdict)" else "" end)
	end;

# "NAME=VALUE" before the labels of each sample; the first brace of its line begins them.
def labelled($added):
	if $added == null or startswith("#") then .
	else ($added | split("=")[0] as $name | {($name): .[$name + "=" | length:]} | labels[:-1] + ",") as $first | sub("\\{"; $first) end;

.form as $form | .label as $added | .of
| [if $form == "prometheus" then prometheus | labelled($added) elif $form == "alerts" then alerts elif $form == "profiles" then profiles else summary end]
| {text: (map(. + "\n") | join(""))}
