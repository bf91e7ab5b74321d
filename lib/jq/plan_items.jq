# docusign_plan_items to subscription: one for each module; one without a plan item where there is none.
.context as $context | .record
| (if (.modules // []) == [] then [{}] else .modules end)[] as $module
| {
  organization_id: $context.organization_id,
  subscription_id,
  plan_item_id: $module.plan_item_id,
  subscription_name,
  plan_id,
  plan_name,
  plan_item_name: $module.plan_item_name,
  asset_group_id,
  asset_group_name,
  associated_accounts_count,
  software_model: null
}
