import { CLASSES } from '../../../sample/collections.mjs';
import type { CardProps } from '../dataset.ts';
import { Picture } from './picture.tsx';
import './images.css';

/** A picture and what it shows. */
export function PictureCard({ entity }: CardProps) {
  const pixels = entity.pixels as Float32Array | undefined;
  return (
    <figure class="picture-card">
      <div class="tile">{pixels && <Picture pixels={Uint8Array.from(pixels)} />}</div>
      <figcaption>
        {CLASSES[Number(entity.label)]}
        {entity.id !== undefined && <span class="num"> {String(entity.id)}</span>}
      </figcaption>
    </figure>
  );
}
