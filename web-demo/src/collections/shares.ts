import type { FillProgress } from './dataset.ts';

/** The progress of one step of a fill. */
interface StepProgress {
  readonly step: string;
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

/**
 * Tells the progress of a fill that has two steps, loading and indexing, as a share of all of it.
 * @param loading the step that comes first, and what it contributes, 0 to 1
 */
export function shareOfBoth(loading: { readonly step: string; readonly share: number }, onProgress: (progress: FillProgress) => void): (progress: StepProgress) => void {
  return ({ step, label, done, total }) => {
    const [from, of] = step === loading.step ? [0, loading.share] : [loading.share, 1 - loading.share];
    onProgress({ label, done, total, share: from + (of * done) / total });
  };
}
