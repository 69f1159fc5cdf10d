// What the checks read from nm and ptxas: a shared weak symbol, a spilled register and local memory must be seen.
import { expect, test } from 'vitest';
import { kernelsOf, problemsOf } from '../../scripts/kernels.mjs';
import { shared } from '../../scripts/symbols.mjs';

test('a weak symbol outside the namespace of its instruction set is shared', () => {
  const symbols = [
    '0000000000000000 T torsor::v4::kernel_table',
    '0000000000000000 W torsor::v4::exp_of(float)',
    '0000000000000000 W void std::sort<torsor::v4::Tile*>(torsor::v4::Tile*)',
    '0000000000000000 W std::vector<float>::push_back(float)',
    '0000000000000000 V DW.ref.__gxx_personality_v0',
    '                 w __gmon_start__',
    '                 U memcpy',
    '0000000000000000 W torsor::v3::exp_of(float)',
  ].join('\n');
  expect(shared(symbols, 'v4')).toEqual(['std::vector<float>::push_back(float)', 'torsor::v3::exp_of(float)']);
});

const report = `ptxas info    : Compiling entry function '_ZN6torsor6device11policy_stepILi16EEEvNS_7ProgramENS_6StepIOEi' for 'sm_90'
ptxas info    : Function properties for _ZN6torsor6device11policy_stepILi16EEEvNS_7ProgramENS_6StepIOEi
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 96 registers, used 1 barriers
ptxas info    : Compiling entry function '_ZN6torsor6device4adamEPfPKfS1_S1_iNS_10AdamConfigE' for 'sm_80'
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 18 registers, used 0 barriers
`;

test("registers and names are read from the compiler's report", () => {
  const kernels = kernelsOf(report);
  expect(kernels.map(({ name, architecture, registers }) => [name, architecture, registers])).toEqual([
    ['policy_step<16>', 'sm_90', 96],
    ['adam', 'sm_80', 18],
  ]);
  expect(problemsOf(kernels)).toEqual([]);
});

test('spilled registers and unexpected local memory are problems, in a called function too', () => {
  const called = '    16 bytes stack frame, 4 bytes spill stores, 8 bytes spill loads\n';
  expect(problemsOf(kernelsOf(report + called))).toEqual([
    'adam (sm_80) spills 12 bytes of registers',
    'adam (sm_80) has a stack of 16 bytes, 0 are allowed',
  ]);
});
