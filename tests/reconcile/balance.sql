-- What does not balance: sums up the tiers, over groups, over accounts. No row is what should come.
CREATE VIEW metric_sum AS SELECT profile, model, start, sum(used) AS used, sum(unlicensed) AS unlicensed, sum(over) AS over, sum(covered) AS covered,
  sum(lapsing) AS lapsing, iif(max(owned = 'unlimited'), 'unlimited', sum(owned)) AS owned, iif(max(available = 'unlimited'), 'unlimited', sum(available)) AS available,
  sum(true_up) AS true_up, max(true_up = '') AS is_unknown, sum(over_amount) AS over_amount, sum(savings) AS savings, sum(spend) AS spend, sum(share) AS share
  FROM metric GROUP BY 1, 2, 3;

SELECT 'a metric', * FROM metric WHERE owned <> 'unlimited' AND used + available <> owned + unlicensed + covered;
SELECT 'allocated and not', * FROM metric WHERE owned <> 'unlimited' AND owned <> in_use + pool_in_use + not_in_use + pool_not_in_use;
SELECT 'model', metric_sum.* FROM metric_sum LEFT JOIN model USING (profile, model, start) WHERE model.owned IS NOT metric_sum.owned OR model.used IS NOT metric_sum.used
  OR model.available IS NOT metric_sum.available OR model.unlicensed IS NOT metric_sum.unlicensed OR model.over IS NOT metric_sum.over OR model.covered IS NOT metric_sum.covered
  OR model.lapsing IS NOT metric_sum.lapsing OR (NOT is_unknown AND (model.true_up IS NOT metric_sum.true_up)) OR (is_unknown AND model.true_up <> '')
  OR (model.spend <> '' AND (model.spend IS NOT metric_sum.spend OR model.share IS NOT metric_sum.share));
SELECT 'product', product.* FROM product LEFT JOIN (SELECT profile, start, sum(used) AS used, sum(unlicensed) AS unlicensed, sum(over) AS over, sum(true_up) AS true_up,
    max(true_up = '') AS is_unknown, iif(max(owned = 'unlimited'), 'unlimited', sum(owned)) AS owned, sum(spend) AS spend FROM model GROUP BY 1, 2) AS sums USING (profile, start)
  WHERE product.owned IS NOT sums.owned OR product.used IS NOT sums.used OR product.unlicensed IS NOT sums.unlicensed OR product.over IS NOT sums.over
  OR (NOT is_unknown AND product.true_up IS NOT sums.true_up) OR (product.spend <> '' AND product.spend IS NOT sums.spend);
SELECT 'groups', metric.*, sums.* FROM metric CROSS JOIN (VALUES ('account'), ('site'), ('cost_center')) AS types LEFT JOIN (SELECT profile, model, metric, start, type, sum(used) AS used,
    sum(owned) AS owned, sum(available) AS available, sum(unlicensed) AS unlicensed, sum(over) AS over, sum(covered) AS covered, sum(true_up) AS true_up, sum(over_amount) AS over_amount,
    sum(allocated) AS allocated, sum(pooled) AS pooled, max(owned = 'unlimited') AS is_unlimited, sum(share) AS share FROM grouped GROUP BY 1, 2, 3, 4, 5) AS sums
  ON sums.profile = metric.profile AND sums.model = metric.model AND sums.metric = metric.metric AND sums.start = metric.start AND sums.type = types.column1
  WHERE (sums.profile IS NULL AND (metric.owned <> 0 OR metric.used <> 0 OR metric.share > 0)) OR sums.used <> metric.used OR sums.unlicensed <> metric.unlicensed OR sums.over <> metric.over
  OR sums.covered <> metric.covered OR (metric.owned <> 'unlimited' AND (sums.owned <> metric.owned OR sums.available <> metric.available OR sums.allocated + sums.pooled <> metric.owned))
  OR (metric.true_up <> '' AND sums.true_up <> metric.true_up) OR (metric.over_amount <> '' AND sums.over_amount <> metric.over_amount)
  OR (metric.share <> '' AND sums.share <> metric.share);
SELECT 'accounts', metric.*, sums.* FROM metric LEFT JOIN (SELECT profile, model, metric, start, sum(unlicensed) AS unlicensed, sum(cost) AS cost FROM account GROUP BY 1, 2, 3, 4) AS sums
  USING (profile, model, metric, start) WHERE coalesce(sums.unlicensed, 0) <> metric.unlicensed OR (metric.true_up <> '' AND coalesce(sums.cost, 0) <> metric.true_up);
SELECT 'nothing to check' WHERE (SELECT count(*) FROM metric) = 0 OR (SELECT count(*) FROM grouped) = 0 OR (SELECT count(*) FROM product) = 0;
