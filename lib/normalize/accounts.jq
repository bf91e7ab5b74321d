# docusign_accounts to account: of an asset group (assetGroups/accounts) or of the organization itself (organizations).
.context as $context | .record | {
  organization_id: $context.organization_id,
  account_id: (.accountId // .id),
  account_name: (.accountName // .name),
  external_account_id: ((.externalAccountId // .external_account_id) | if type == "number" then tostring else . end),
  site_id: ((.siteId // .site_id) | if type == "number" then tostring else . end),
  site_name: (.siteName // .site_name),
  asset_group_id: .assetGroupId,
  compliant: .compliant
}
