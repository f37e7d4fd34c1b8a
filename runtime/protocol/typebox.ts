/**
 * The only file that imports TypeBox. Its 700 modules cost 0.3 s of CPU and 22 MB in every thread that loads them one
 * by one, so the build puts a single bundled file in this one's place (scripts/bundle-typebox.mjs).
 */
export { default, type Static, type TSchema } from 'typebox';
export { Compile, type Validator } from 'typebox/compile';
