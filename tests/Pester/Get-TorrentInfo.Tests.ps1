#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $one = New-TestTorrent -Path (Join-Path $TestDrive 'one.torrent') -Tracker 'http://127.0.0.1:1/announce', 'http://127.0.0.1:2/announce' -Comment 'hello'
    $two = New-TestTorrent -Path (Join-Path $TestDrive 'two.torrent') -Name 'many' -Private -Files ([ordered]@{ 'a.txt' = 10; 'sub/b.bin' = 40000; 'ü/空.dat' = 0 })
    $bracket = New-TestTorrent -Path (Join-Path $TestDrive 'set[1].torrent') -Name 'bracket' -Length 5
    $null = New-Item -ItemType Directory (Join-Path $TestDrive 'folder.torrent')
    [System.IO.File]::WriteAllBytes((Join-Path $TestDrive 'bad.bin'), [byte[]](ConvertTo-TestBencode ([ordered]@{ info = [ordered]@{ length = 5; name = 'x'; pieces = [byte[]]::new(20) } })))
    [System.IO.File]::WriteAllText((Join-Path $TestDrive 'text.bin'), 'hello')
}

Describe 'Get-TorrentInfo' {
    It 'shows a torrent of one file' {
        $info = Get-TorrentInfo $one.Path
        $info | Should -BeOfType TorrentPS.TorrentInfo
        $info.Name | Should -Be 'payload.bin'
        $info.InfoHash | Should -Be $one.InfoHash
        $info.InfoHashV1 | Should -Be $one.InfoHash
        $info.InfoHashV2 | Should -BeNullOrEmpty
        $info.Version | Should -Be 'V1'
        $info.Length | Should -Be 100000
        $info.PieceLength | Should -Be 16384
        $info.PieceCount | Should -Be $one.Pieces
        $info.FileCount | Should -Be 1
        $info.Trackers.Count | Should -Be 2
        $info.Trackers[1][0] | Should -Be 'http://127.0.0.1:2/announce'
        $info.IsPrivate | Should -BeFalse
        $info.Comment | Should -Be 'hello'
        $info.CreatedBy | Should -Be 'TorrentPS tests'
        $info.MagnetUri | Should -Match "^magnet:\?xt=urn:btih:$($one.InfoHash)"
        $info.Path | Should -Be $one.Path
    }

    It 'shows a torrent of several files' {
        $info = Get-TorrentInfo $two.Path
        $info.InfoHash | Should -Be $two.InfoHash
        $info.IsPrivate | Should -BeTrue
        $info.Files.Path | Should -Be 'many/a.txt', 'many/sub/b.bin', 'many/ü/空.dat'
        $info.Files.Length | Should -Be 10, 40000, 0
        $info.Files.Offset | Should -Be 0, 10, 40010
    }

    It 'takes wildcards, and skips folders' {
        (Get-TorrentInfo (Join-Path $TestDrive '*.torrent')).Name | Sort-Object | Should -Be 'bracket', 'many', 'payload.bin'
    }

    It 'writes neither output nor errors when no file matches a pattern' {
        Get-TorrentInfo (Join-Path $TestDrive 'none*.torrent') -ErrorVariable failed | Should -BeNullOrEmpty
        $failed | Should -BeNullOrEmpty
    }

    It 'takes a name with brackets literally with -LiteralPath' {
        (Get-TorrentInfo -LiteralPath $bracket.Path).Name | Should -Be 'bracket'
    }

    It 'takes brackets as a pattern with -Path, and warns when a file has exactly that name' {
        Get-TorrentInfo -Path $bracket.Path -WarningVariable warned -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        $warned | Should -Match '-LiteralPath'
    }

    It 'takes paths from the pipeline' {
        ($one.Path, $two.Path | Get-TorrentInfo).Name | Should -Be 'payload.bin', 'many'
    }

    It 'takes files from the pipeline' {
        (Get-Item -LiteralPath $bracket.Path, $two.Path | Get-TorrentInfo).Name | Should -Be 'bracket', 'many'
    }

    It 'takes paths by property name' {
        ([pscustomobject]@{ Path = $one.Path } | Get-TorrentInfo).Name | Should -Be 'payload.bin'
    }

    It 'takes its own output' {
        (Get-TorrentInfo $one.Path | Get-TorrentInfo).InfoHash | Should -Be $one.InfoHash
    }

    It 'resolves paths relative to the current location' {
        Push-Location $TestDrive
        try { (Get-TorrentInfo one.torrent, ./two.torrent).Name | Should -Be 'payload.bin', 'many' } finally { Pop-Location }
    }

    It 'resolves paths on drives' {
        $null = New-PSDrive -Name Torrents -PSProvider FileSystem -Root $TestDrive
        try {
            (Get-TorrentInfo Torrents:/one.torrent).Path | Should -Be $one.Path
            (Get-TorrentInfo -LiteralPath 'Torrents:/set[1].torrent').Name | Should -Be 'bracket'
        }
        finally { Remove-PSDrive Torrents }
    }

    It 'reads from an http address' {
        $tracker = [TestTracker]::new()
        try {
            $tracker.File = [System.IO.File]::ReadAllBytes($one.Path)
            $uri = [uri]$tracker.Url.Replace('/announce', '/one.torrent')
            (Get-TorrentInfo -Uri $uri).InfoHash | Should -Be $one.InfoHash
            ($uri | Get-TorrentInfo).InfoHash | Should -Be $one.InfoHash
            (Get-TorrentInfo "$uri").InfoHash | Should -Be $one.InfoHash
        }
        finally { $tracker.Dispose() }
    }

    It 'has a short table that fits' {
        $text = Get-TorrentInfo $one.Path, $two.Path | Out-String -Width 120
        $text | Should -Match "payload\.bin\s+97\.7 KiB\s+1\s+V1\s+$($one.InfoHash)"
        ($text.Trim() -split "`n").Count | Should -Be 4
    }

    It 'has a list of all properties' {
        $text = Get-TorrentInfo $two.Path | Format-List | Out-String -Width 120
        $text | Should -Match '(?m)^Size\s+: 39\.1 KiB \(40.010 bytes\)'
        $text | Should -Match '(?m)^Pieces\s+: 3 of 16 KiB'
    }
}

Describe 'Get-TorrentInfo errors' {
    It 'writes an error for each path that does not exist, and continues' {
        $missing = Join-Path $TestDrive 'missing.torrent'
        $found = Get-TorrentInfo $missing, $one.Path, $missing -ErrorVariable failed -ErrorAction SilentlyContinue
        $found.Name | Should -Be 'payload.bin'
        $failed.Count | Should -Be 2
        $failed[0].FullyQualifiedErrorId | Should -Be 'TorrentNotFound,TorrentPS.Commands.GetTorrentInfoCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failed[0].TargetObject | Should -Be $missing
        $failed[0].Exception.Message | Should -Match ([regex]::Escape($missing))
    }

    It 'sets $? to false' {
        Get-TorrentInfo (Join-Path $TestDrive 'missing.torrent') -ErrorAction SilentlyContinue
        $? | Should -BeFalse
    }

    It 'ends with -ErrorAction Stop' {
        { Get-TorrentInfo (Join-Path $TestDrive 'missing.torrent') -ErrorAction Stop } | Should -Throw -ErrorId 'TorrentNotFound,TorrentPS.Commands.GetTorrentInfoCommand'
    }

    It 'refuses <Case>' -ForEach @(
        @{ Case = 'a folder'; Path = 'folder.torrent'; Message = 'is a folder' }
        @{ Case = 'a literal name that does not exist'; LiteralPath = 'none[1].torrent'; Message = 'no file' }
        @{ Case = 'another provider'; FullPath = 'Env:/PATH'; Message = 'Environment provider' }
        @{ Case = 'a drive that does not exist'; FullPath = 'NoSuchDrive:/x.torrent'; Message = 'no file' }
    ) {
        $arguments = if ($LiteralPath) { @{ LiteralPath = Join-Path $TestDrive $LiteralPath } } elseif ($FullPath) { @{ Path = $FullPath } } else { @{ Path = Join-Path $TestDrive $Path } }
        Get-TorrentInfo @arguments -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'TorrentNotFound,*'
        $failed[0].Exception.Message | Should -Match $Message
    }

    It 'names the key, the byte and the file of a malformed torrent' {
        $path = Join-Path $TestDrive 'bad.bin'
        Get-TorrentInfo $path -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidTorrent,*'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $failed[0].TargetObject | Should -Be $path
        $failed[0].Exception.Message | Should -Match "^InvalidTorrent: .*info\.piece length.*\(byte \d+\)"
        $failed[0].Exception.Message | Should -Match ([regex]::Escape($path))
    }

    It 'names the byte at which a file stops being bencoded' {
        Get-TorrentInfo (Join-Path $TestDrive 'text.bin') -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidBencode,*'
        $failed[0].Exception.Message | Should -Match '^InvalidBencode: .*\(byte 0\)'
    }

    It 'does not read a file that is too large' {
        $path = Join-Path $TestDrive 'large.bin'
        $stream = [System.IO.File]::Create($path)
        $stream.SetLength(10000001)
        $stream.Dispose()
        Get-TorrentInfo $path -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidTorrent,*'
        $failed[0].Exception.Message | Should -Match '10000001 bytes'
    }

    It 'refuses an address of another scheme' -ForEach 'ftp://127.0.0.1/x.torrent', 'x.torrent' {
        Get-TorrentInfo -Uri $_ -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'TorrentNotFound,*'
    }

    It 'writes an error when an address has no torrent' {
        $tracker = [TestTracker]::new()
        try {
            Get-TorrentInfo -Uri $tracker.Url.Replace('/announce', '/none.torrent') -ErrorVariable failed -ErrorAction SilentlyContinue
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'TorrentNotFound,*'
            $failed[0].TargetObject | Should -BeOfType uri
        }
        finally { $tracker.Dispose() }
    }

    It 'writes an error for an invalid magnet link' {
        Get-TorrentInfo -Uri 'magnet:?xt=nothing' -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidMagnetUri,*'
    }

    It 'shows the content of a magnet link, given by <_>' -ForEach '-Uri', '-Path', 'the pipeline' {
        $link = 'magnet:?xt=urn:btih:0123456789ABCDEF0123456789abcdef01234567&dn=a%20name&xl=2048&tr=http%3A%2F%2F127.0.0.1%3A1%2Fannounce'
        $info = switch ($_) { '-Uri' { Get-TorrentInfo -Uri $link } '-Path' { Get-TorrentInfo $link } default { $link | Get-TorrentInfo } }
        $info | Should -BeOfType TorrentPS.TorrentInfo
        $info.Name | Should -Be 'a name'
        $info.InfoHash | Should -Be '0123456789abcdef0123456789abcdef01234567'
        $info.Length | Should -Be 2048
        $info.Trackers[0][0] | Should -Be 'http://127.0.0.1:1/announce'
        $info.HasMetadata | Should -BeFalse
        $info.PieceCount, $info.PieceLength, $info.FileCount | Should -Be $null, $null, $null
        $info.Files | Should -BeNullOrEmpty
        $info | Format-List | Out-String | Should -Not -Match 'Pieces|Files'
    }

    It 'shows the info hash when a magnet link has no name' {
        $info = Get-TorrentInfo 'magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567'
        $info.Name | Should -Be $info.InfoHash
        $info.Length | Should -BeNullOrEmpty
    }
}

Describe 'Get-TorrentInfo completion' {
    It 'completes .torrent files and folders' {
        Push-Location $TestDrive
        try {
            $line = 'Get-TorrentInfo ./'
            (TabExpansion2 $line $line.Length).CompletionMatches.ListItemText | Sort-Object | Should -Be 'folder.torrent', 'one.torrent', 'set[1].torrent', 'two.torrent'
        }
        finally { Pop-Location }
    }

    It 'completes the files of the torrent for -Include: <_>' -ForEach 'Start-TorrentDownload two.torrent -Include ', 'Get-TorrentInfo two.torrent | Start-TorrentDownload -Include ', 'Start-TorrentDownload -LiteralPath two.torrent -Exclude ' {
        Push-Location $TestDrive
        try {
            (TabExpansion2 $_ $_.Length).CompletionMatches.ListItemText | Should -Be 'many/a.txt', 'many/sub/b.bin', 'many/ü/空.dat'
            (TabExpansion2 "${_}b" ($_.Length + 1)).CompletionMatches.CompletionText | Should -Be 'many/sub/b.bin'
        }
        finally { Pop-Location }
    }

    It 'completes the trackers of the torrent for -Tracker' {
        Push-Location $TestDrive
        try {
            $line = 'Get-TorrentPeer one.torrent -Tracker '
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'http://127.0.0.1:1/announce', 'http://127.0.0.1:2/announce'
        }
        finally { Pop-Location }
    }
}
