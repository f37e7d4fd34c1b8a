/** The words of a text that say what it is about. One definition for topics, relevance and specialities. */

const wordPattern = /[\p{L}\p{N}][\p{L}\p{M}\p{N}_'.+#-]*/gu;
/** Words before which a text is cut: topics need no more, and a hostile text costs no more. */
const charactersMax = 4_096;

// English only, and only words that carry no subject; in other languages rarity has to do the work.
const emptyWords = new Set(
  (
    'a about after all also am an and any are as at be because been before being but by can could did do does doing ' +
    'for from get got had has have having he her here him his how i if in into is it its just know let like make me ' +
    'more most my need no not now of off on one only or other our out over please really should so some such than ' +
    "that the their them then there these they thing this those to too under up us use used very want was we well were what's " +
    "what when where which while who why will with would yes you your i'm it's don't can't"
  ).split(' '),
);

/** Lower case, in order, with repetitions; without empty words and trailing punctuation. */
export function contentWordsOf(text: string): string[] {
  const words = text.slice(0, charactersMax).normalize('NFKC').toLowerCase().match(wordPattern) ?? [];
  return words.map((word) => word.replace(/['.-]+$/u, '')).filter((word) => word.length > 1 && !emptyWords.has(word));
}
