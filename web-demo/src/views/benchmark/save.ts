/** Saves a text as a file of the visitor's. */
export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser takes the bytes when it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
