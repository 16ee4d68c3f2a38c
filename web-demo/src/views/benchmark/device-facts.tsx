import { formatCount } from '../../util/format.ts';
import type { Report } from './report.ts';

/** The device and the data that a report is of. */
export function DeviceFacts({ report: { device, data, engines, made } }: { report: Report }) {
  const kernels = engines.find((engine) => engine.status === 'measured' && engine.kernels !== undefined);
  const facts: readonly (readonly [string, string | null])[] = [
    ['Browser', device.brands.length > 0 ? device.brands.join(', ') : device.userAgent],
    ['System', device.platform === null ? null : `${device.platform}${device.mobile === true ? ', a phone or tablet' : ''}`],
    ['Threads', device.hardwareConcurrency === null ? null : String(device.hardwareConcurrency)],
    ['Memory', device.deviceMemoryGB === null ? null : `${device.deviceMemoryGB} GB or more`],
    ['Kernels of Elanus', kernels?.status === 'measured' ? kernels.kernels! : null],
    ['Step of the clock', Number.isNaN(device.clockMs) ? null : `${device.clockMs} ms`],
    ['Data', `${formatCount(data.rows)} rows of ${formatCount(data.dim)} numbers`],
    ['Measured', new Date(made).toLocaleString('en')],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
