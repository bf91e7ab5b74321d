# The report's document (lib/report/report_html.c) to {page: …}, one HTML text. Names come without control characters; everything that is
# not a figure or a date of ours is escaped here, by @html.

# Figures are text of any length. Digits are set apart by style alone, so that what is copied is a plain number.
def figure:
  if test("^-?[0-9]{4,}$") then
    (capture("^(?<sign>-?)(?<digits>[0-9]+)$")) as $number
    | ($number.digits | length % 3) as $lead
    | $number.sign + $number.digits[:$lead]
      + ([$number.digits[$lead:] | range(0; length; 3) as $at
          | if $at + $lead == 0 then .[:3] else "<span class=\"group\">" + .[$at:$at + 3] + "</span>" end] | add)
  else @html end
  | sub("^-"; "−");

def name: if . == null then "<span class=\"none\">–</span>" else @html "<bdi dir=\"auto\">\(.)</bdi>" end;
def days: "<time datetime=\"\(.start)\">\(.start)</time> – <time datetime=\"\(.last)\">\(.last)</time>";
def period: "<th scope=\"row\" class=\"days\">" + days + "</th>";
def state: @html "<td><span class=\"state \(.)\">\(.)</span></td>";
def cell: "<td class=\"n\(if . == "0" then " zero" else "" end)\">" + figure + "</td>";
def change: "<td class=\"n\">" + (if startswith("-") or . == "0" then . else "+" + . end | sub("^-"; "−")) + "</td>";

def pill: @html "<span class=\"pill \(.tone)\">\(.status)</span>";

# title: what the table is of, said in its caption and to those who cannot see that it scrolls.
def table($caption; $heads; $rows; $foot; $look):
  @html "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"\($caption)\"><table class=\"\($look)\"><caption>\($caption)</caption>"
  + "<thead><tr>" + ($heads | map("<th scope=\"col\"" + (if .[1] then " class=\"\(.[1])\"" else "" end) + ">" + .[0] + "</th>") | add)
  + "</tr></thead><tbody>" + ($rows | add // "") + "</tbody>"
  + (if $foot then "<tfoot>" + $foot + "</tfoot>" else "" end) + "</table></div>\n";

def section($id; $title; $body): "<section id=\"\($id)\" aria-labelledby=\"\($id)-title\"><h2 id=\"\($id)-title\">\($title)</h2>\n" + $body + "</section>\n";

def is_finite: test("^[0-9]+$");
def number: if is_finite then tonumber else 0 end;

# Used against owned: a bar, red beyond what is owned, and a line where the rights end. `$most` is the right end of the scale.
def bar($most; $id):
  (.rights_used | number) as $used | (.rights_owned | number) as $owned | (.rights_owned | is_finite) as $limited
  | (236 / ([$most, 1] | max)) as $scale
  | ([$used, (if $limited then $owned else $used end)] | min * $scale) as $within
  | ($used * $scale) as $all | ($owned * $scale) as $line
  | @html "<svg class=\"bar\" viewBox=\"0 0 240 20\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"\($id)-t \($id)-d\"><title id=\"\($id)-t\">Rights used against rights owned, \(.start) – \(.last)</title><desc id=\"\($id)-d\">\(.rights_used) used, \(.rights_owned) owned, \(.status)</desc>"
  + "<rect class=\"track\" x=\"0\" y=\"4\" width=\"240\" height=\"12\" rx=\"3\"/>"
  + "<rect class=\"within\" x=\"0\" y=\"4\" width=\"\($within)\" height=\"12\" rx=\"\([3, $within / 2] | min)\"/>"
  + (if $all > $within then "<rect class=\"beyond\" x=\"\($within)\" y=\"4\" width=\"\($all - $within)\" height=\"12\" rx=\"\([3, ($all - $within) / 2] | min)\"/>" else "" end)
  + (if $limited then "<rect class=\"owned\" x=\"\([$line - 1, 0] | max)\" y=\"0\" width=\"2.5\" height=\"20\"/>" else "" end)
  + "</svg>";

def heading: [.software_model, .license_metric, (.profile // empty | "profile " + .)];

# The metric results of one software model and metric, in the order that they came in.
def by_model: reduce .[] as $result ([];
  if length > 0 and (.[-1][0] | [.profile, .publisher, .product, .software_model, .license_metric, .unit])
    == ($result | [.profile, .publisher, .product, .software_model, .license_metric, .unit])
  then .[-1] += [$result] else . + [[$result]] end);

def scale: map(.rights_used, .rights_owned) | map(number) | max;

def current: (map(select(.is_current)) | last) // (map(select(.has_begun)) | last) // first;

def card($at):
  scale as $most | current
  | "<li class=\"card \(.tone)\"><h3>" + (.software_model | name) + "</h3><p class=\"sub\">"
  + (.license_metric | name) + (if .profile then " · " + (.profile | name) else "" end) + "</p>"
  + "<p class=\"big\"><strong>" + (.rights_used | figure) + "</strong> used of " + (.rights_owned | figure) + "</p>"
  + (if .rights_owned | is_finite then bar([(.rights_used, .rights_owned) | number] | max * 1.08; "card\($at)") else "" end)
  + "<p class=\"foot\">" + pill + " "
  + (if .is_unknown then "nothing is known of the use"
     elif .unlicensed_rights != "0" then "<b>" + (.unlicensed_rights | figure) + "</b> missing" + (if .true_up_cost then ", true-up <b>" + (.true_up_cost | @html) + "</b> " + (.currency | name) else "" end)
     elif (.rights_available | is_finite) then "<b>" + (.rights_available | figure) + "</b> available" else "never runs out" end)
  + "</p><p class=\"sub\">" + (if .is_current then "Current period, " else "Latest period, " end) + days
  + (if .period_state == "open" then ", open" else @html ", \(.period_state)" end) + "</p></li>\n";

def verdict: [.verdict[] | @html "<p class=\"verdict \(.tone)\"><strong>\(.word)</strong>\(.rest)</p>\n"] | add;

def position($at):
  scale as $most | .[0] as $first
  | "<h3>" + ($first | heading | map(name) | join(" <span class=\"sep\">·</span> ")) + "</h3>\n"
  + table("\($first.software_model): rights owned and used by period, counted in \($first.unit)s";
    [["Period", "days"], ["State", "first"], ["Used against owned"], ["Owned", "n"], ["Used", "n"], ["Available", "n"], ["Over-licensed", "n"], ["Unlicensed", "n"], ["Status", "last"]];
    [to_entries[] | .key as $row | .value | "<tr" + (if .is_current then " class=\"current\"" else "" end) + ">" + period + (.period_state | state) + "<td class=\"chart\">" + bar($most; "p\($at)-\($row)") + "</td>"
      + (.rights_owned | cell) + (.rights_used | cell) + (.rights_available | cell) + (.over_licensed_rights | cell)
      + (.unlicensed_rights | if . == "0" or (is_finite | not) then cell else "<td class=\"n missing\">" + figure + "</td>" end) + "<td>" + pill + "</td></tr>\n"]; null; "titled");

def positions: section("position"; "Licence position";
  if .metrics == [] then "<p>No licence position is in the input.</p>\n"
  else "<p class=\"key\"><span><svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"within\" width=\"14\" height=\"14\" rx=\"3\"/></svg> used</span> <span><svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"beyond\" width=\"14\" height=\"14\" rx=\"3\"/></svg> used beyond what is owned</span> <span><svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"owned\" x=\"6\" width=\"2.5\" height=\"14\"/></svg> rights owned</span></p>\n"
    + ([.metrics | by_model | to_entries[] | .key as $at | .value | position($at)] | add) end);

# A day as a number; nothing for what is none.
def day_number: (select(type == "string" and test("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")) | . + "T00:00:00Z" | fromdate / 86400)?;
def short: . * 10 | round / 10;

# Use by day against rights: what was counted, what is expected with its interval, where rights end. A point of the curve is the use up to the
# end of its day: [day, units], and from the clock's day on [day, expected, low, high].
def burn_down($id):
  {left: 8, right: 596, top: 14, bottom: 206} as $box
  | (.start | day_number) as $first | ((.last | day_number) + 1) as $until
  | [.curve[] | select(type == "array" and length > 1 and (.[1:] | all(type == "number"))) | [(.[0] | day_number)] + .[1:]] as $points
  | ($points | map(select(length == 2))) as $past | ($points | map(select(length == 4))) as $ahead
  | (if .rights_owned | is_finite then .rights_owned | tonumber else null end) as $owned
  | ([$owned, 1, ($points[] | .[1:][])] | max * 1.06) as $most
  | def x: (. - $first) / ($until - $first) * ($box.right - $box.left) + $box.left | short;
    def y: $box.bottom - . / $most * ($box.bottom - $box.top) | short;
    def line(f): map("\(.[0] + 1 | x),\(f | y)") | join(" ");
    (($past | last) // [$first - 1, 0]) as $today
  | ([[$today[0], $today[1], $today[1], $today[1]]] + $ahead) as $coming | ($coming | last) as $last
  | ($last[1] | y) as $beside | (if $owned then $owned | y else -100 end) as $rights
  | (if ($beside - $rights | fabs) >= 14 then $beside elif $beside > $rights then $rights + 14 else $rights - 14 end) as $beside
  | "<svg class=\"burn\" viewBox=\"0 0 720 232\" role=\"img\" aria-labelledby=\"\($id)-t \($id)-d\">"
  + @html "<title id=\"\($id)-t\">Use by day against rights, \(.start) – \(.last)</title><desc id=\"\($id)-d\">\(.units_to_date) used to date, \(.expected_units) expected by the end (between \(.low_units) and \(.high_units)), \(.rights_owned) owned\(if .exhausted_on then ", run out on \(.exhausted_on)" else "" end)</desc>"
  + "<line class=\"axis\" x1=\"\($box.left)\" y1=\"\($box.bottom)\" x2=\"\($box.right)\" y2=\"\($box.bottom)\"/>"
  + "<polygon class=\"range\" points=\"" + ($coming | line(.[3])) + " " + ($coming | reverse | line(.[2])) + "\"/>"
  + (if $owned then "<line class=\"rights\" x1=\"\($box.left)\" y1=\"\($rights)\" x2=\"\($box.right)\" y2=\"\($rights)\"/><text x=\"\($box.right + 6)\" y=\"\($rights + 4 | short)\">owned " + (.rights_owned | @html) + "</text>" else "" end)
  + "<polyline class=\"expected\" points=\"" + ($coming | line(.[1])) + "\"/>"
  + "<polyline class=\"counted\" points=\"\($first | x),\(0 | y) " + ($past | line(.[1])) + "\"/>"
  + "<line class=\"today\" x1=\"\($today[0] + 1 | x)\" y1=\"\($box.top)\" x2=\"\($today[0] + 1 | x)\" y2=\"\($box.bottom)\"/>"
  + (((.exhausted_on | day_number) as $day | "<line class=\"out\" x1=\"\($day | x)\" y1=\"\($rights)\" x2=\"\($day | x)\" y2=\"\($box.bottom)\"/><circle class=\"out\" cx=\"\($day | x)\" cy=\"\($rights)\" r=\"4\"/>") // "")
  + "<text x=\"\($box.right + 6)\" y=\"\($beside + 4 | short)\">expected " + (.expected_units | @html) + "</text>"
  + @html "<text x=\"\($box.left)\" y=\"224\">\(.start)</text><text class=\"end\" x=\"\($box.right)\" y=\"224\">\(.last)</text>"
  + (($today[0] + 1 | x) as $at | if $at > 110 and $at < 486 then "<text class=\"middle\" x=\"\($at)\" y=\"224\">today</text>" else "" end)
  + "</svg>\n";

def swatch($class; $what): "<span><svg class=\"swatch\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect class=\"\($class)\" width=\"14\" height=\"14\" rx=\"3\"/></svg> \($what)</span> ";

def forecasts: if .forecasts == [] then "" else section("forecast"; "Forecast";
  "<p class=\"key\">" + swatch("within"; "used to date") + swatch("range"; "expected, and where it lies in 80 of 100 cases") + swatch("owned"; "rights owned") + swatch("beyond"; "the day on which rights run out") + "</p>\n"
  + ([.forecasts | to_entries[] | .key as $at | .value
    | "<h3>" + (heading | map(name) | join(" <span class=\"sep\">·</span> ")) + "</h3>\n<div class=\"scroll\">" + burn_down("burn\($at)") + "</div>\n"] | add)
  + table("What open periods are expected to use by their end"; [["Period", "days"], ["Software model"], ["Owned", "n"], ["To date", "n"], ["Expected", "n"], ["Low", "n"], ["High", "n"], ["Rights run out"], ["Method"]];
    [.forecasts[] | "<tr>" + period + "<td>" + (.software_model | name) + "</td>" + (.rights_owned | cell) + (.units_to_date | cell) + (.expected_units | cell) + (.low_units | cell) + (.high_units | cell)
      + "<td" + (if .warning == "true" then " class=\"missing\"" else "" end) + ">" + (if .exhausted_on then @html "\(.exhausted_on)\(if .has_run_out == "true" then "" else ", in \(.days_left) \(if .days_left == "1" then "day" else "days" end)" end)" elif .is_shared == "true" then "as the workspace\u2019s" else "not in the period" end)
      + (if .is_covered == "true" then ", covered by an enterprise-wide agreement" else "" end) + "</td><td>" + (.method | @html) + "</td></tr>\n"];
    if .more_forecasts == "0" then null else "<tr><td class=\"aside\" colspan=\"9\">and \(.more_forecasts) more, not listed</td></tr>" end; "")) end;

# An amount of money, as a decimal.
def amount($none): if . == null then "<td class=\"n\"><span class=\"none\">\($none)</span></td>" else "<td class=\"n\(if test("^-?0([.]0+)?$") then " zero" else "" end)\">" + (@html | sub("^-"; "−")) + "</td>" end;
def amount: amount("not known");
# Of a period that is not over nothing is over-licensed yet.
def amount_at_end($row): amount(if $row.period_state == "open" then "open" else "not known" end);

def costs: (.metrics | map(select(.currency))) as $priced | if $priced == [] then "" else section("costs"; "Costs";
  "<p>True-up: rights that are missing, at the average price per right or the price list. Potential savings: rights that lapse unused. Current-period spend: the part of the total that falls on the period\u2019s days.</p>\n"
  + ([$priced | by_model[] | .[0] as $first
  | "<h3>" + ($first | heading + [$first.currency] | map(name) | join(" <span class=\"sep\">·</span> ")) + "</h3>\n"
  + table("\($first.software_model): costs by period, in \($first.currency)";
    [["Period", "days"], ["Average price", "n"], ["True-up cost", "n"], ["Over-licensed amount", "n"], ["Potential savings", "n"], ["Total spend", "n"], ["Current-period spend", "n"]];
    [.[] | . as $row | "<tr" + (if .is_current then " class=\"current\"" else "" end) + ">" + period + (.average_price | amount) + (.true_up_cost | amount) + (.over_licensed_amount | amount_at_end($row))
      + (.potential_savings | amount_at_end($row)) + (.total_spend | amount) + (.current_period_spend | amount) + "</tr>\n"]; null; "titled")] | add)) end;

def option: if .option == "move_rights" then "Move from " + (.group_type | gsub("_"; " ") | @html) + " " + (.from_group | name) + " to " + (if .to_group then .to_group | name else "accounts without one" end)
  else .option_sentence // .option | @html end;

def remedies: if .remediations == [] then "" else section("remediation"; "What can be done";
  "<p>In each period in the order in which it is best done; what the position becomes is after it and those above it. A cost below zero is saved.</p>\n"
  + table("Remediation options, with their cost and what the position becomes"; [["Period"], ["Software model"], ["Option"], ["Rights", "n"], ["Cost", "n"], ["Owned then", "n"], ["Unlicensed then", "n"], ["Status then"]];
    [.remediations[] | "<tr>" + period + "<td>" + (.software_model | name) + "</td><td>" + option + "</td>" + (.rights | cell)
      + (if .cost == null then null | amount else "<td class=\"n\">" + (.cost | @html | sub("^-"; "−")) + (@html " \(.currency // "")") + "</td>" end)
      + (.rights_owned_after | cell) + (.unlicensed_rights_after | cell) + "<td>" + (.status = .status_after | pill) + "</td></tr>\n"];
    if .more_remediations == "0" then null else "<tr><td class=\"aside\" colspan=\"8\">and \(.more_remediations) more, not listed</td></tr>" end; "")) end;

def group_name: if .group_kind == "pool" then "not allocated" elif .group_value == null then "no group"
  else ((.group_name // .group_value) | name) + (if .group_name and .group_name != .group_value then @html " <code>\(.group_value)</code>" else "" end) end;

def group_results: if .group_results == [] then "" else section("groups"; "Groups";
  "<p>Positions per group in the period " + (.group_results[0] | days) + ". Rights are allocated to the group, or drawn from those that are allocated to nobody.</p>\n"
  + table("Licence positions per group"; [["Software model"], ["By"], ["Group"], ["Owned", "n"], ["Allocated", "n"], ["Of the pool", "n"], ["Used", "n"], ["Available", "n"], ["Unlicensed", "n"], ["True-up cost", "n"], ["Status"]];
    [.group_results[] | "<tr><th scope=\"row\">" + (.software_model | name) + "</th><td class=\"state\">" + (.group_type | gsub("_"; " ") | @html) + "</td><td>" + group_name + "</td>"
      + (.rights_owned | cell) + (.rights_allocated | cell) + (.rights_pooled | cell) + (.rights_used | cell)
      + (.rights_available | cell) + (.unlicensed_rights | if . == "0" or (is_finite | not) then cell else "<td class=\"n missing\">" + figure + "</td>" end) + (.true_up_cost | amount) + "<td>" + pill + "</td></tr>\n"];
    if .more_group_results == "0" then null else "<tr><td class=\"aside\" colspan=\"11\">and \(.more_group_results) more, not listed</td></tr>" end; "")) end;

def billings: if .billings == [] then "" else section("billing"; "Docusign’s own count";
  "<p>Billing periods in which Docusign’s count of an account is not ours of the same time, up to when Docusign was asked. What could make the difference, <code>explain</code> lists.</p>\n"
  + table("Billing periods in which Docusign’s own count is not ours"; [["Billing period"], ["Up to"], ["Account"], ["Allowed", "n"], ["Billed", "n"], ["Counted", "n"], ["Difference", "n"], ["Bulk", "n"], ["Check"]];
    [.billings[] | "<tr>" + period + "<td><span class=\"days\">" + (.counted_until // "" | .[:10] | @html) + "</span></td><td>" + (.account_name // .account_id | name) + "</td>"
      + ([.units_allowed, .units_billed, .units_counted] | map(if . == null then "<td class=\"n\"><span class=\"none\">–</span></td>" else cell end) | add)
      + (.difference | if . == null then "<td class=\"n\"><span class=\"none\">–</span></td>" else change end)
      + (.bulk_units | if . == null then "<td class=\"n\"><span class=\"none\">–</span></td>" else cell end)
      + "<td class=\"state\">" + (.check_label // .check | @html) + "</td></tr>\n"];
    if .more_billings == "0" then null else "<tr><td class=\"aside\" colspan=\"9\">and \(.more_billings) more, not listed</td></tr>" end; "")) end;

def without: if .without == [] then "" else section("without"; "Units in no licence row";
  "<p>With these and the units of the licence position, every unit that was consumed is in one row.</p>\n"
  + table("Units in no licence row, by period and reason"; [["Profile"], ["Period"], ["Reason"], ["Accounts", "n"], ["Units", "n"]];
    [.without[] | "<tr><td>" + (.profile | name) + "</td>" + (if .period_start then period else "<td>in none</td>" end) + "<td>" + (.reason_sentence // .reason | @html) + "</td>"
      + (.accounts | cell) + (.units_consumed | cell) + "</tr>\n"]; null; "")) end;

def units: if .groups == [] then "" else section("units"; "Units consumed";
  ([.groups[] | table("Units consumed by period, \(.unit)s\(if .profile then ", profile \(.profile)" else "" end)";
    [["Period"], ["State"], ["Consumed", "n"], ["In licence rows", "n"], ["In no licence row", "n"], ["<span class=\"visually-hidden\">Remark</span>"]];
    [.periods[] | "<tr>" + period + (.state | state) + (.consumed | cell) + (.licensed | cell) + (.unlicensed | cell) + "<td class=\"remark\">"
      + (if .is_before_contract then "before the contract start" else "" end) + "</td></tr>\n"];
    (.totals | "<tr><th scope=\"row\">Total</th><td></td>" + (.consumed | cell) + (.licensed | cell) + (.unlicensed | cell) + "<td></td></tr>"); "")] | add)) end;

def account: (.account | name) + (if .account_id then @html " <code>\(.account_id)</code>" else "" end);

def accounts: if .groups == [] then "" else section("accounts"; "Consumption by account";
  ([.groups[] | table("Units consumed by account and period, \(.unit)s\(if .profile then ", profile \(.profile)" else "" end), most first";
    [["Account"]] + (if .has_earlier then [["Earlier", "n"]] else [] end) + (.columns | map(["<span class=\"from\">from</span> <span class=\"days\">" + .start + "</span>", "n"])) + [["Total", "n"]];
    [.rows[] | "<tr><th scope=\"row\">" + account + "</th>" + (.cells | map(cell) | add) + "</tr>\n"];
    if .others.accounts == "0" then null
    else "<tr><th scope=\"row\">\(.others.accounts) other accounts together</th>" + (.others.cells | map(cell) | add) + "</tr>" end; "")] | add)) end;

def restatements: if .restatements == [] then "" else section("restatements"; "Restatements";
  "<p>Figures that an earlier run had reported for a period and that are different now, the largest change first.</p>\n"
  + table("Restated figures, before and after"; [["Period"], ["Account"], ["Before", "n"], ["After", "n"], ["Change", "n"], ["Cause"]];
    [.restatements[] | "<tr>" + period + "<td>" + account + "</td>"
      + (.before | cell) + (.after | cell) + (.delta | change) + "<td>" + (.cause_sentence // .cause | @html) + "</td></tr>\n"];
    if .more_restatements == "0" then null else "<tr><td class=\"aside\" colspan=\"6\">and \(.more_restatements) smaller ones, not listed</td></tr>" end; "")) end;

def identifiers: if .identifiers == [] then "" else section("unrecognized"; "Unrecognized identifiers";
  "<p>Units of these identifiers are in no licence row, because no software model names them.</p>\n"
  + table("Subscription identifiers without a software model"; [["Identifier"], ["Type"], ["Name"], ["Subscriptions", "n"], ["Units", "n"]];
    [.identifiers[] | "<tr><th scope=\"row\"><code>" + (.identifier | name) + "</code></th><td>" + (.type | @html) + "</td><td>" + (.display_name | name) + "</td>"
      + (if .subscriptions == "-1" then "<td class=\"n\"><span class=\"none\">–</span></td>" else .subscriptions | cell end) + (.units | cell) + "</tr>\n"]; null; "")) end;

def ineffective: if .ineffective == [] then "" else section("ineffective"; "Rows of licence files without effect";
  "<p>What these rows name is nowhere: mend them, or take them out.</p>\n"
  + table("Rows of licence files that do nothing"; [["File"], ["Line", "n"], ["Reason"]];
    [.ineffective[] | "<tr><th scope=\"row\">" + (.file | @html) + "</th>" + (.line | cell) + "<td>" + (.reason | name) + "</td></tr>\n"]; null; "")) end;

def guide: section("guide"; "How to read this page";
  "<dl><dt>Period</dt><dd>One consumption cycle of the contract, from its first to its last day, both included, in UTC.</dd>"
  + "<dt>State</dt><dd><em>Open</em>: the period still runs. <em>Provisional</em>: it is over, but envelopes may still be reported. <em>Final</em>: every account has been read past its end. A final figure that changes all the same is listed under Restatements.</dd>"
  + "<dt>Owned, used, available</dt><dd>Rights bought for the period; units that count against them; what is left.</dd>"
  + "<dt>Over-licensed, unlicensed</dt><dd>Rights bought and not used; rights that are missing, to be bought (true-up).</dd>"
  + "<dt>Not yet fed, not reported</dt><dd>The feed of every account that could use the model was not read yet; or the service has never reported any consumption of it, as for what is bought through a reseller. Neither is zero.</dd>"
  + "<dt>Forecast</dt><dd>What an open period is expected to have used at its end, by its use so far and, where it is known for over a year, by the season. Rights run out on the first day on which more is used than is owned.</dd>"
  + "<dt>Unlimited</dt><dd>An agreement without a limit: it never runs out and is Compliant.</dd>"
  + "<dt>In no licence row</dt><dd>Units before the contract start, excluded ones, and those of plan items that no software model names: each with its reason.</dd></dl>\n");

def page_time: "\(.now[:10]) \(.now[11:19]) UTC";

([.metrics[], .groups[] | .profile] | unique) as $profiles |
# One profile is named once, above everything.
(if ($profiles | length) == 1 then .metrics[].profile = null | .groups[].profile = null | .forecasts[].profile = null else . end) |
{page: ("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
+ "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
+ @html "<title>\(.title), \(.now[:10])</title>\n"
+ "<style>\n" + .css + "</style>\n</head>\n<body>\n<main>\n<header>\n"
+ (if .title == "Docusign licence position" then "" else "<p class=\"eyebrow\">Docusign licence position</p>\n" end)
+ @html "<h1><bdi dir=\"auto\">\(.title)</bdi></h1>\n<p class=\"asof\">As of <time datetime=\"\(.now)\">\(page_time)</time>\(if ($profiles | length) == 1 and $profiles[0] then " · profile \($profiles[0])" else "" end)</p>\n"
+ verdict + "</header>\n"
+ (if .metrics == [] then "" else "<section aria-labelledby=\"now-title\"><h2 id=\"now-title\" class=\"visually-hidden\">Current period</h2>\n<ul class=\"cards\">\n" + ([.metrics | by_model | sort_by(current.is_compliant) | to_entries[] | .key as $at | .value | card($at)] | add) + "</ul></section>\n" end)
+ (if .sentences == [] then "" else "<ul class=\"sentences\">" + ([.sentences[] | @html "<li class=\"\(.tone)\">\(.text)</li>"] | add) + "</ul>\n" end)
+ positions + without + forecasts + costs + remedies + group_results + billings + units + accounts + restatements + identifiers + ineffective + guide
+ @html "<footer><p>Run clock <time datetime=\"\(.now)\">\(.now)</time> · envtally report \(.version)</p></footer>\n</main>\n</body>\n</html>\n")}
