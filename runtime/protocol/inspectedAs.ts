/**
 * Name of the method by which an instance of a class says what is shown of it to whoever inspects its actor: plain data,
 * made without changing anything. Without it only fields that are not private can be shown.
 */
export const inspectedAs: unique symbol = Symbol.for('academy.inspected-as');
