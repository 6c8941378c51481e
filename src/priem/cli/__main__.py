from priem.cli import main

main()
