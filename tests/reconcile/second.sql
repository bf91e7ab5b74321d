-- The position computed a second time, from the tables of tests/reconcile/organisations: every entitlement's subscription periods as rows, and
-- the drawing as a recursion over all pairs of consumption period and grant in their order, whose state is a JSON object.
CREATE TABLE grants AS
WITH RECURSIVE length(each, months) AS (VALUES ('Monthly', 1), ('Quarterly', 3), ('Annually', 12)),
own AS (SELECT entitlement.*, months, CASE stop WHEN '' THEN '9999-12-31' ELSE date(stop, '+1 day') END AS term, (SELECT max(stop) FROM period) AS horizon
  FROM entitlement LEFT JOIN length USING (each) WHERE status = 'active'),
window(number, k, first, next) AS (
  SELECT number, 0, start, CASE WHEN months IS NULL THEN term ELSE date(start, '+' || months || ' months') END FROM own
  UNION ALL
  SELECT number, k + 1, window.next, date(own.start, '+' || ((k + 2) * months) || ' months') FROM window JOIN own USING (number)
  WHERE months IS NOT NULL AND window.next < horizon AND window.next < date(term, '-3 days')),
-- A rest of up to three days belongs to the one before.
cut AS (SELECT number, k, first, CASE WHEN months IS NULL OR next >= date(term, '-3 days') THEN term ELSE next END AS next FROM window JOIN own USING (number))
SELECT own.number || '.' || k AS id, own.number, metric, agreement, rights, cost, type, value, first, cut.next FROM cut JOIN own USING (number);

CREATE TABLE steps AS
SELECT metric, period.number AS period, grants.id, grants.rights, type, value, cut_first, cut_next,
  row_number() OVER (PARTITION BY metric ORDER BY period.number, CASE type WHEN 'account' THEN 1 WHEN 'site' THEN 2 ELSE 3 END,
    grants.rights <> 'unlimited', cut_next, cut_first, grants.number) AS step,
  sum(type = '' AND rights = 'unlimited') OVER (PARTITION BY metric, period.number) AS unlimited
FROM (SELECT *, first AS cut_first, next AS cut_next FROM grants) AS grants JOIN period ON cut_first < period.stop AND cut_next > period.start;

CREATE INDEX steps_in_order ON steps (metric, step);

-- taken: of a grant in a period. The state: what each grant has given so far (g), and in this period accounts (a), sites (s) and all (t).
CREATE TABLE taken AS
WITH RECURSIVE
need AS (SELECT profile, period, item AS metric, account, site, sum(units) AS units FROM use GROUP BY 1, 2, 3, 4, 5),
wanted AS (SELECT profile, metric, steps.period, steps.step, sum(units) AS wanted FROM steps
  JOIN need USING (metric, period) WHERE (type = 'account' AND account = value) OR (type = 'site' AND site = value) OR type = '' GROUP BY 1, 2, 3, 4),
members AS (SELECT DISTINCT site, account FROM use WHERE site <> ''),
chain AS (SELECT DISTINCT profile, item AS metric FROM use),
-- Two rows a step: the first finds what is taken, the second puts it into the state.
walk(profile, metric, step, is_found, period, given, here, id, slot, take) AS (
  SELECT profile, metric, 0, 0, -1, '{}', '{}', '', '', 0 FROM chain
  UNION ALL
  SELECT walk.profile, walk.metric, steps.step, 1 - is_found, steps.period,
    iif(is_found, json_set(given, '$."' || walk.id || '"', coalesce(given ->> ('$."' || walk.id || '"'), 0) + take), given),
    CASE WHEN is_found THEN json_set(here, '$."' || slot || '"', coalesce(here ->> ('$."' || slot || '"'), 0) + take, '$.t', coalesce(here ->> '$.t', 0) + take)
      WHEN walk.period = steps.period THEN here ELSE '{}' END,
    steps.id, CASE type WHEN 'account' THEN 'a' || value WHEN 'site' THEN 's' || value ELSE 'p' END,
    iif(is_found, take, max(0, min(
      CASE WHEN steps.rights = 'unlimited' THEN 1000000000
        WHEN type = '' AND unlimited THEN 0
        ELSE steps.rights - coalesce(given ->> ('$."' || steps.id || '"'), 0) END,
      coalesce(wanted, 0) - CASE WHEN walk.period <> steps.period THEN 0
        WHEN type = 'account' THEN coalesce(here ->> ('$."a' || value || '"'), 0)
        WHEN type = 'site' THEN coalesce(here ->> ('$."s' || value || '"'), 0)
          + coalesce((SELECT sum(here ->> ('$."a' || account || '"')) FROM members WHERE site = value), 0)
        ELSE coalesce(here ->> '$.t', 0) END)))
  FROM walk JOIN steps ON steps.metric = walk.metric AND steps.step = walk.step + 1 - is_found
  LEFT JOIN wanted ON wanted.profile = walk.profile AND wanted.metric = walk.metric AND wanted.step = steps.step)
SELECT profile, metric, period, id, take AS taken FROM walk WHERE is_found;

CREATE INDEX taken_of_grant ON taken (profile, metric, id, period);

-- Half-even: x / d in whole numbers.
CREATE TABLE second AS
WITH figure AS (
  SELECT profile, metric, taken.period, max(rights = 'unlimited') AS is_unlimited, max(agreement = 'ELA') AS is_enterprise, sum(taken) AS drawn,
    sum(iif(rights = 'unlimited', 0, rights - coalesce((SELECT sum(taken) FROM taken AS earlier WHERE earlier.profile = taken.profile AND earlier.metric = taken.metric
      AND earlier.id = taken.id AND earlier.period < taken.period), 0))) AS owned,
    sum(iif(rights = 'unlimited', 0, taken)) AS drawn_of_numbers,
    sum(iif(grants.next <= period.stop AND rights <> 'unlimited', rights - (SELECT sum(taken) FROM taken AS all_of WHERE all_of.profile = taken.profile
      AND all_of.metric = taken.metric AND all_of.id = taken.id AND all_of.period <= taken.period), 0)) AS lapsing,
    sum(iif(rights NOT IN ('unlimited', '0') AND cost <> '', cost, 0)) AS price, sum(iif(rights <> 'unlimited' AND cost <> '', rights, 0)) AS priced,
    sum(iif(cost <> '', cost, 0)) AS spend
  FROM taken JOIN grants USING (id, metric) JOIN period ON period.number = taken.period GROUP BY 1, 2, 3),
used AS (SELECT profile, item AS metric, period, sum(units) AS used FROM use GROUP BY 1, 2, 3),
every AS (SELECT chain.profile, chain.metric, period.number AS period, start, coalesce(used, 0) AS used, coalesce(drawn, 0) AS drawn, coalesce(owned, 0) AS owned,
    coalesce(owned, 0) - coalesce(drawn_of_numbers, 0) AS available, coalesce(lapsing, 0) AS lapsing, coalesce(is_unlimited, 0) AS is_unlimited,
    coalesce(is_enterprise, 0) AS is_enterprise, coalesce(spend, 0) AS spend, price, priced
  FROM (SELECT DISTINCT profile, metric FROM (SELECT profile FROM use), (SELECT 0 AS metric UNION SELECT 1 UNION SELECT 2)) AS chain, period
  LEFT JOIN figure ON figure.profile = chain.profile AND figure.metric = chain.metric AND figure.period = period.number
  LEFT JOIN used ON used.profile = chain.profile AND used.metric = chain.metric AND used.period = period.number),
average AS (SELECT metric, sum(cost) AS price, sum(rights) AS priced FROM entitlement WHERE status = 'active' AND rights NOT IN ('unlimited', '0') AND cost <> '' GROUP BY 1),
priced AS (SELECT every.*, iif(coalesce(every.priced, 0) > 0, every.price, average.price) AS p, iif(coalesce(every.priced, 0) > 0, every.priced, average.priced) AS r,
    iif(is_enterprise, 0, used - drawn) AS unlicensed FROM every LEFT JOIN average USING (metric))
SELECT profile, metric, start, iif(is_unlimited, 'unlimited', owned) AS owned, used, iif(is_unlimited, 'unlimited', available) AS available, unlicensed,
  iif(is_enterprise, used - drawn, 0) AS covered, iif(is_unlimited, 0, lapsing) AS lapsing, iif(unlicensed > 0, 'Not Compliant', 'Compliant') AS status,
  CASE WHEN NOT EXISTS (SELECT 1 FROM entitlement WHERE status = 'active' AND cost <> '') THEN '' WHEN unlicensed = 0 THEN 0 WHEN coalesce(r, 0) = 0 THEN ''
    ELSE unlicensed * p / r + (2 * (unlicensed * p % r) > r OR (2 * (unlicensed * p % r) = r AND unlicensed * p / r % 2 = 1)) END AS true_up,
  CASE WHEN NOT EXISTS (SELECT 1 FROM entitlement WHERE status = 'active' AND cost <> '') THEN '' ELSE spend END AS spend
FROM priced;
