import { useLayoutEffect, useRef } from 'preact/hooks';
import { IMAGE_SIDE } from '../../../sample/collections.mjs';

/** A picture on its own small canvas: ink of the pixel's strength on nothing, so that the style sheet sets the paper. */
export function Picture({ pixels }: { pixels: Uint8Array }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = context.createImageData(IMAGE_SIDE, IMAGE_SIDE);
    for (let i = 0; i < pixels.length; i++) image.data[4 * i + 3] = pixels[i];
    context.putImageData(image, 0, 0);
  }, [pixels]);
  return <canvas ref={canvas} class="picture" width={IMAGE_SIDE} height={IMAGE_SIDE} aria-hidden="true" />;
}
