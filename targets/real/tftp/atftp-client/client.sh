# Does what one line of its input asks: client.sh HOST PORT
read -r verb name mode blksize
exec atftp "--$verb" --remote-file "$name" --local-file "$name" --option "mode $mode" \
    ${blksize:+--option "blksize $blksize"} "$1" "$2"
