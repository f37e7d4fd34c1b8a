/** A module that cannot be loaded. */
export const actor = undefined;

throw new Error('the module is broken');
