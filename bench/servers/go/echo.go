// An echo of lines in Go: `echo each` flushes every line, `echo empty` when no input is left in the buffer.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

const maxLineBytes = 2 << 20

var errLineTooLong = errors.New("a line is too long")

func main() {
	if len(os.Args) != 2 || (os.Args[1] != "each" && os.Args[1] != "empty") {
		fail(errors.New("usage: echo each|empty"))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	go accept(listener, os.Args[1] == "each")
	control(listener.Addr().(*net.TCPAddr).Port)
}

func accept(listener net.Listener, flushEach bool) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go echo(conn, flushEach)
	}
}

// echo serves one connection; a failure ends it, and nothing else.
func echo(conn net.Conn, flushEach bool) {
	defer conn.Close()
	lines := lineReader{Reader: bufio.NewReader(conn)}
	writer := bufio.NewWriter(conn)
	for {
		line, err := lines.next()
		if err != nil {
			return
		}
		if _, err := writer.Write(line); err != nil {
			return
		}
		if !flushEach && lines.Buffered() > 0 {
			continue
		}
		if err := writer.Flush(); err != nil {
			return
		}
	}
}

type lineReader struct {
	*bufio.Reader
	long []byte
}

// next returns a line with its LF: it stays valid until the next call.
func (lines *lineReader) next() ([]byte, error) {
	line, err := lines.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	lines.long = append(lines.long[:0], line...)
	for err == bufio.ErrBufferFull && len(lines.long) <= maxLineBytes {
		line, err = lines.ReadSlice('\n')
		lines.long = append(lines.long, line...)
	}
	if len(lines.long) > maxLineBytes {
		return nil, errLineTooLong
	}
	return lines.long, err
}

// control answers the bench, as bench/servers/control.mjs does, until stdin ends: then nobody needs this process.
func control(port int) {
	say(map[string]any{"port": port})
	requests := bufio.NewScanner(os.Stdin)
	for requests.Scan() {
		reply, err := answer(requests.Bytes())
		if err != nil {
			reply = map[string]any{"error": err.Error()}
		}
		say(reply)
	}
}

func answer(request []byte) (map[string]any, error) {
	var asked struct{ Do string }
	if err := json.Unmarshal(request, &asked); err != nil {
		return nil, err
	}
	switch asked.Do {
	case "usage":
		return usage()
	case "collect":
		return collect()
	}
	return nil, fmt.Errorf("no command %s", asked.Do)
}

// usage is the CPU time of all threads so far, user and system.
func usage() (map[string]any, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return nil, err
	}
	return map[string]any{"cpuMicros": (used.Utime.Nano() + used.Stime.Nano()) / 1_000}, nil
}

// collect gives back what is not in use, and says what is left.
func collect() (map[string]any, error) {
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return nil, err
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		return nil, err
	}
	return map[string]any{"rssBytes": pages * os.Getpagesize()}, nil
}

func say(message map[string]any) {
	if err := json.NewEncoder(os.Stdout).Encode(message); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
