# docusign_plan_items to subscription: one for each module; one without a plan item where there is none.
.context as $context | .record
| (if (.modules // []) == [] then [{}] else .modules end)[] as $item
| {
  organization_id: $context.organization_id,
  subscription_id,
  plan_item_id: $item.plan_item_id,
  subscription_name,
  plan_id,
  plan_name,
  plan_item_name: $item.plan_item_name,
  asset_group_id,
  asset_group_name,
  associated_accounts_count,
  software_model: null
}
