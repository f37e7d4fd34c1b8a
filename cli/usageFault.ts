/** A wrong argument, in the shape of an AcademyError, whose class is not loaded before a command needs the library. */
export function usageFault(message: string, remedy: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_ACADEMY_BAD_ARGUMENT', remedy });
}
