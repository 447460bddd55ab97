# Does what one line of its input asks: client.sh HOST PORT
read -r verb name mode blksize
exec tftp -m "$mode" "$1" "$2" -c "$verb" "$name"
