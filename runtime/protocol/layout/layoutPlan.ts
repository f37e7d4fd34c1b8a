/**
 * Where each field of a layout stands. The message is one MessagePack array:
 *
 *     dc n n | cd id | mask | fixed-width fields in declared order | da n n texts | rest
 *
 * The mask says which optional fields are there and which fields are null. The texts are one string: first the
 * required ones, then the optional ones, then ids that have no number; their lengths stand among the fixed-width
 * fields. The rest is nil, or an array of the loose fields that are there.
 */
import { AcademyError } from '../errors.js';
import { FixedBytes } from './FixedBytes.js';
import type { LayoutField, LayoutFields } from './layoutFields.js';

type Form<F extends LayoutField['form']> = LayoutField & { readonly form: F };

/** A field with the name that its bytes and its value have in generated code. */
export type PlannedField<F extends LayoutField['form'] = LayoutField['form']> = Form<F> & {
  /** Variable for what stands in the fixed-width part. */
  readonly raw: string;
  /** Variable for the value. */
  readonly value: string;
};

export interface LayoutPlan extends LayoutFields {
  readonly fields: readonly PlannedField[];
  readonly fixed: FixedBytes;
  /** Texts in the order in which they are joined. */
  readonly texts: readonly PlannedField<'text'>[];
  readonly ids: readonly PlannedField<'id'>[];
  readonly loose: readonly PlannedField<'loose'>[];
}

/** Variable that holds the presence mask in generated code. */
export const maskName = 'mask';
/** Variable that holds the number of bytes of the texts. */
export const textBytesName = 'bytes';
/** UTF-8 bytes for each code point that a text may have: the encoder lets as many pairs of units pass, of 3 bytes each. */
const codePointBytesMax = 6;

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT when the texts can be longer than one string on the wire */
export function layoutPlan(eventId: number, given: LayoutFields): LayoutPlan {
  const fields = given.fields.map((field, index): PlannedField => ({ ...field, raw: `f${index}`, value: `v${index}` }));
  const isText = (field: PlannedField): field is PlannedField<'text'> => field.form === 'text';
  const isId = (field: PlannedField): field is PlannedField<'id'> => field.form === 'id';
  const isLoose = (field: PlannedField): field is PlannedField<'loose'> => field.form === 'loose';
  const required = ({ presentBit }: PlannedField): boolean => presentBit === 0;
  const texts = fields.filter(isText);
  const ids = fields.filter(isId);
  const bytesMax = [...texts, ...ids].reduce((sum, { maxLength }) => sum + maxLength * codePointBytesMax, 0);
  if (bytesMax > 0xffff) throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'the texts of the schema are too long');
  const plan = {
    ...given,
    fields,
    texts: [...texts.filter(required), ...texts.filter((text) => !required(text))],
    ids,
    loose: fields.filter(isLoose),
  };
  return { ...plan, fixed: fixedBytes(eventId, plan) };
}

function fixedBytes(eventId: number, { fields, maskBits, loose }: Omit<LayoutPlan, 'fixed'>): FixedBytes {
  const fixed = new FixedBytes();
  const elements = 1 + (maskBits === 0 ? 0 : 1) + (fields.length - loose.length) + 2;
  fixed.constant(0xdc, elements >> 8, elements & 0xff);
  fixed.constant(0xcd, eventId >> 8, eventId & 0xff);
  if (maskBits > 0xffff) unsigned(fixed, maskName, 4);
  else if (maskBits > 0) unsigned(fixed, maskName, 2);
  for (const field of fields) place(fixed, field);
  fixed.constant(0xda);
  fixed.unsigned(textBytesName, 2);
  return fixed;
}

function place(fixed: FixedBytes, field: PlannedField): void {
  switch (field.form) {
    case 'float':
      fixed.constant(0xcb);
      return fixed.double(field.raw);
    case 'unsigned':
      return unsigned(fixed, field.raw, field.width);
    case 'boolean':
    case 'word':
      // c2 or c3, and an index below 128, are MessagePack of one byte by themselves.
      return fixed.unsigned(field.raw, 1);
    case 'text':
    case 'id':
      return unsigned(fixed, field.raw, 2);
    case 'loose':
      return;
  }
}

function unsigned(fixed: FixedBytes, name: string, width: 2 | 4): void {
  fixed.constant(width === 2 ? 0xcd : 0xce);
  fixed.unsigned(name, width);
}
