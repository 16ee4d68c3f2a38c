/** How long a page keeps its own thread: the tasks that it runs, of which none should be felt. */
import type { Page } from 'playwright';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * Records the tasks of the page's own thread. The function that is answered ends it and tells the milliseconds of each, the
 * longest first: of the processor, so that others on a busy machine are not counted, as they are by `longtask` entries.
 */
export async function traceTasks(page: Page): Promise<() => Promise<number[]>> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', '__metadata'], excludedCategories: ['*'] } });
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    const isMain = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
    return events
      .filter(({ name, ph, pid, tid, tdur }) => name === 'ThreadControllerImpl::RunTask' && ph === 'X' && tdur !== undefined && isMain.has(`${pid} ${tid}`))
      .map(({ tdur }) => tdur! / 1000)
      .sort((a, b) => b - a);
  };
}

/** One task of a fixed amount of work: fifty milliseconds where the processor takes 1 ns for a turn of its loop. */
export async function spin(page: Page): Promise<void> {
  await page.evaluate(() => {
    let sum = 0;
    for (let i = 0; i < 5e7; i++) sum = (Math.imul(sum, 31) + i) | 0;
    return sum;
  });
  // The answer is sent before the task has ended, and only an ended one is in the trace.
  await page.waitForTimeout(300);
}
