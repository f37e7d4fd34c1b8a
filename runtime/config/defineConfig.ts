import type { AcademyUserConfig } from './academyConfig.js';

/**
 * Types the configuration in `academy.config.ts`; it returns what it is given.
 *
 * ```ts
 * import { defineConfig } from 'academy-mesh';
 * export default defineConfig({ academyId: 'workshop', lan: true });
 * ```
 */
export function defineConfig(config: AcademyUserConfig): AcademyUserConfig {
  return config;
}
