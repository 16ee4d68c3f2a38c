/** The first and the last year, negative before the common era; null on the side that is open. Null where the text names no time. */
export function readMuseumDate(text: string): { readonly from: number | null; readonly to: number | null } | null;
