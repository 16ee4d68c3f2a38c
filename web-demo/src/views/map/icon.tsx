const PATHS = {
  in: 'M8 3v10M3 8h10',
  out: 'M3 8h10',
  all: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  select: 'M2.5 4V2.5H4M6.5 2.5h3M12 2.5h1.5V4M13.5 6.5v3M13.5 12v1.5H12M9.5 13.5h-3M4 13.5H2.5V12M2.5 9.5v-3M6 8h4M8 6v4',
};

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
