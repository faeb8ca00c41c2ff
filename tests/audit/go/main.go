// Checks a log with the code by which `go` checks sum.golang.org: prints one line for each check.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"crosscheck/note"
	"crosscheck/tlog"
)

type input struct {
	Vkey, Old, New, Tiles string
	Index                 int64
	Entry                 string
	Inclusion             []string
	Consistency           []string
}

func check(name string, err error) {
	if err == nil {
		fmt.Println(name, "ok")
	} else {
		fmt.Println(name, "refused:", err)
	}
}

func hashes(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		data, err := hex.DecodeString(text)
		if err != nil || len(data) != tlog.HashSize {
			panic("bad hash " + text)
		}
		found = append(found, tlog.Hash(*(*[tlog.HashSize]byte)(data)))
	}
	return found
}

// open reads a checkpoint; Go's own tree notes differ in the first line only.
func open(text string, verifiers note.Verifiers) (tlog.Tree, error) {
	opened, err := note.Open([]byte(text), verifiers)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.SplitN(opened.Text, "\n", 2)
	return tlog.ParseTree([]byte("go.sum database tree\n" + lines[1]))
}

type files string

func (folder files) Height() int              { return 8 }
func (files) SaveTiles([]tlog.Tile, [][]byte) {}
func (folder files) ReadTiles(tiles []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(folder), path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func main() {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		panic(err)
	}
	verifier, err := note.NewVerifier(in.Vkey)
	check("vkey", err)
	verifiers := note.VerifierList(verifier)
	old, err := open(in.Old, verifiers)
	check("old checkpoint", err)
	tree, err := open(in.New, verifiers)
	check("new checkpoint", err)

	entry, err := hex.DecodeString(in.Entry)
	check("entry", err)
	leaf := tlog.RecordHash(entry)
	proof := tlog.RecordProof(hashes(in.Inclusion))
	check("inclusion", tlog.CheckRecord(proof, tree.N, tree.Hash, in.Index, leaf))
	steps := tlog.TreeProof(hashes(in.Consistency))
	check("consistency", tlog.CheckTree(steps, tree.N, tree.Hash, old.N, old.Hash))

	reader := tlog.TileHashReader(tree, files(in.Tiles))
	root, err := tlog.TreeHash(tree.N, reader)
	if err == nil && root != tree.Hash {
		err = fmt.Errorf("another root")
	}
	check("tiles", err)
	own, err := tlog.ProveRecord(tree.N, in.Index, reader)
	check("proof from tiles", err)
	if fmt.Sprint(own) != fmt.Sprint(proof) {
		fmt.Println("proof from tiles refused: differs")
	}
}
