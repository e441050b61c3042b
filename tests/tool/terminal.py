#!/usr/bin/env python3
"""The tool on a terminal of 80 columns: nothing wraps in mid-word, no progress bar is left behind, all of it fits.

terminal.py TOOL SOURCE_DIR"""
import os, pty, re, struct, subprocess, sys, tempfile, fcntl, termios

COLUMNS = 80
tool = os.path.abspath(sys.argv[1])
network = os.path.join(os.path.abspath(sys.argv[2]), 'examples', 'quickstart', 'fashion_resnet')


def run_on_terminal(arguments):
    """Exit code and all bytes that a command writes to its terminal."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, COLUMNS, 0, 0))
    process = subprocess.Popen([tool] + arguments, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    written = b''
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            part = b''
        if not part:
            break
        written += part
    os.close(master)
    return process.wait(), written.decode()


def screen_of(written):
    """The lines that stand on the terminal in the end, and how many of them it had to break itself."""
    lines, column, broken = [''], 0, 0
    for token in re.findall(r'\x1b\[K|\r|\n|[^\r\n\x1b]', written):
        if token == '\r':
            column = 0
        elif token == '\n':
            lines.append('')
            column = 0
        elif token == '\x1b[K':
            lines[-1] = lines[-1][:column]
        else:
            if column == COLUMNS:
                broken += 1
                lines.append('')
                column = 0
            lines[-1] = lines[-1][:column].ljust(column) + token + lines[-1][column + 1:]
            column += 1
    return lines, broken


failures = 0


def check(condition, message):
    global failures
    if not condition:
        failures += 1
        print('FAILED:', message)


def shows(name, arguments, progress=(), code=0):
    result, written = run_on_terminal(arguments)
    lines, broken = screen_of(written)
    check(result == code, f'{name}: exit {result}, wanted {code}: {lines[-3:]}')
    check(broken == 0, f'{name}: {broken} lines are longer than the terminal')
    for what in progress:
        check(re.search(r'\r\x1b\[K *\d+% .*' + what, written), f'{name}: no progress of "{what}"')
    bars = [line for line in lines if re.search(r'^ *\d+% |\[#*\.*\] ', line)]
    check(not bars, f'{name}: left on the screen: {bars[:2]}')
    return lines


def write_npy(name, kind, shape, payload):
    header = str({'descr': kind, 'fortran_order': False, 'shape': shape})
    header += ' ' * (63 - (10 + len(header)) % 64) + '\n'
    with open(name, 'wb') as file:
        file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + payload)


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    samples = 200
    write_npy('x.npy', '|u1', (samples, 28, 28), bytes(i * 7919 % 251 for i in range(samples * 28 * 28)))
    write_npy('y.npy', '<i8', (samples,), b''.join(struct.pack('<q', i % 10) for i in range(samples)))
    with open('data.json', 'w') as file:
        file.write('{"inputs": {"data": "x.npy"}, "labels": "y.npy", "batch_size": 20, "scale": 0.00390625, '
                   '"output": "prob", "metric": "top1"}')
    files = ['-m', network + '.prototxt', '-w', network + '.caffemodel']

    for command in re.findall(r'^  ([a-z]+)  ', '\n'.join(shows('help', ['--help'])), re.M):
        lines = shows(command + ' --help', [command, '--help'])
        check(any(line.startswith('Usage: nuq ' + command) for line in lines), command + ': no usage')
        check('Example:' in lines, command + ': no example')
        check(any(line.startswith('Writes:') for line in lines), command + ': does not say what it writes')

    shows('config', ['config'] + files + ['-o', 'config.json'])
    shows('inspect', ['inspect'] + files[1::2])
    shows('eval', ['eval'] + files + ['--data', 'data.json'], ['evaluated batch'])
    shows('quantize', ['quantize'] + files + ['-c', 'config.json', '--calibration', 'data.json', '-o', 'static/net'],
          ['calibrated with batch', 'quantized layer'])
    shows('verify', ['verify', 'static/net.nuq'])
    lines = shows('auto', ['auto'] + files + ['-c', 'config.json', '--data', 'data.json', '--max-drop', '0.5', '-o', 'auto/net'],
                  ['quantized', 'evaluated'])
    check(any(line.startswith('layer ') for line in lines), 'auto: no table')
    code, written = run_on_terminal(['--quiet', 'eval'] + files + ['--data', 'data.json'])
    check('\x1b' not in written, 'a bar although the tool is to be quiet')
    off_terminal = subprocess.run([tool, 'eval'] + files + ['--data', 'data.json'], capture_output=True, text=True)
    check(off_terminal.stderr == '', 'progress in a pipe: ' + repr(off_terminal.stderr[:80]))

print('terminal.py:', 'ok' if failures == 0 else f'{failures} failures')
sys.exit(1 if failures else 0)
