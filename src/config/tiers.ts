/** Tiers that need no entry of their own. */
export const BUILT_IN_TIERS = ['dedicated', 'segmented', 'shared'] as const
export type BuiltInTier = (typeof BUILT_IN_TIERS)[number]

export const isBuiltInTier = (tier: string): tier is BuiltInTier => BUILT_IN_TIERS.some((name) => name === tier)
