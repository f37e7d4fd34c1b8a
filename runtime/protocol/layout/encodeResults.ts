/**
 * What encoding returns instead of the offset behind the message. None of them is an error: the first two are
 * everyday states of a stream, and nothing is thrown on the hot path.
 */

/** Ids of the value are new to the stream: send IdDictionary's definitions, then encode again. */
export const needsDefinitions = -1;
/** The message is longer than the room that was given. */
export const doesNotFit = -2;
/** The value is not one of its schema: an unknown word, a text that is none or far too long. */
export const notEncodable = -3;
