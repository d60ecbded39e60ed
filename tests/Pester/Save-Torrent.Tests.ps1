#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $seedRoot = Join-Path $TestDrive 'seed'
    $many = New-TestTorrent -Path (Join-Path $TestDrive 'many.torrent') -Name 'many' -Files ([ordered]@{ 'a.txt' = 10; 'b.bin' = 300000 }) -DataRoot $seedRoot
    $port = Get-FreePort
    $seeder = Start-TestSeeder -Path $many.Path -DataRoot $seedRoot -Port $port
    $link = "magnet:?xt=urn:btih:$($many.InfoHash)&dn=other&ws=http%3A%2F%2F127.0.0.1%3A1%2F"
    $from = @{ Peer = "127.0.0.1:$port"; Source = 'Manual'; TimeoutSeconds = 60 }
    $unreachable = 'magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&x.pe=127.0.0.1:9'

    function Get-TestFolder { (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName }
}

AfterAll { Stop-TestJob $seeder }

Describe 'Save-Torrent' {
    It 'creates a .torrent from a magnet link, and writes it to the pipeline' {
        $file = Join-Path (Get-TestFolder) 'got.torrent'
        $saved = Save-Torrent $link $file @from
        $? | Should -BeTrue
        $saved | Should -BeOfType TorrentPS.TorrentInfo
        $saved.Path | Should -Be $file
        $saved.HasMetadata | Should -BeTrue
        $read = Get-TorrentInfo $file
        $read.Name | Should -Be 'many'
        $read.InfoHash | Should -Be $many.InfoHash
        $read.Length | Should -Be $many.Length
        $read.Files.Path | Should -Be 'many/a.txt', 'many/b.bin'
        $read.WebSeeds | Should -Be 'http://127.0.0.1:1/'
        $saved | Get-Item | ForEach-Object FullName | Should -Be $file
    }

    It 'names the file in a folder after the torrent, and contacts the peers of the link' {
        $folder = Get-TestFolder
        Get-TorrentInfo "$link&x.pe=127.0.0.1:$port" | Save-Torrent -Destination $folder -Source Manual | ForEach-Object Path | Should -Be (Join-Path $folder 'many.torrent')
    }

    It 'saves to the current location by default, and creates a missing folder' {
        $folder = Get-TestFolder
        Push-Location $folder
        try {
            $null = $link | Save-Torrent @from
            $null = $link | Save-Torrent -Destination ./new/ @from
        }
        finally { Pop-Location }
        (Get-ChildItem $folder -Recurse -File).FullName | Sort-Object | Should -Be (Join-Path $folder 'many.torrent'), (Join-Path $folder 'new/many.torrent')
    }

    It 'copies a file byte for byte' {
        $file = Join-Path (Get-TestFolder) 'copy.torrent'
        $null = Get-Item $many.Path | Save-Torrent -Destination $file
        (Get-FileHash $file).Hash | Should -Be (Get-FileHash $many.Path).Hash
    }

    It 'replaces nothing without -Force' {
        $file = Join-Path (Get-TestFolder) 'there.torrent'
        'old' | Set-Content $file
        Save-Torrent $many.Path $file -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'TorrentExists,*'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        Get-Content $file | Should -Be 'old'
        $null = Save-Torrent $many.Path $file -Force
        (Get-FileHash $file).Hash | Should -Be (Get-FileHash $many.Path).Hash
        (Get-ChildItem (Split-Path $file)).Count | Should -Be 1
    }

    It 'writes nothing with -WhatIf' {
        $folder = Get-TestFolder
        Save-Torrent $unreachable $folder -WhatIf
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'writes an error when no metadata arrives, and continues with the next' {
        $folder = Get-TestFolder
        $saved = $unreachable, $link | Save-Torrent -Destination $folder -Peer $from.Peer -Source Manual -TimeoutSeconds 2 -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'MetadataTimedOut,*'
        $failed[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        $saved.Name | Should -Be 'many'
    }

    Context 'of version 2' {
        BeforeAll {
            $two = Get-TestFolder
            [System.IO.File]::WriteAllBytes((Join-Path $two 'two.bin'), [byte[]]::new(300000))
            $made = New-Torrent (Join-Path $two 'two.bin') -Destination (Join-Path $two 'two.torrent') -Version V2 -PieceLength 16KB
            # The same without piece layers, as one made from a link when no peer sent them.
            $bare = ConvertFrom-Bencode $made.Path
            $bare.Remove('piece layers')
            [System.IO.File]::WriteAllBytes((Join-Path $two 'bare.torrent'), (ConvertTo-Bencode $bare))
        }

        It 'gets the piece layers' {
            $twoPort = Get-FreePort
            $twoSeeder = Start-TestSeeder -Path $made.Path -DataRoot $two -Port $twoPort
            try {
                $file = Join-Path (Get-TestFolder) 'saved.torrent'
                $null = Save-Torrent $made.MagnetUri $file -Peer "127.0.0.1:$twoPort" -Source Manual -WarningVariable warned -WarningAction SilentlyContinue
                $warned | Should -BeNullOrEmpty
                $saved, $original = ConvertFrom-Bencode $file, $made.Path
                [System.Convert]::ToHexString((ConvertTo-Bencode $saved.'piece layers')) | Should -Be ([System.Convert]::ToHexString((ConvertTo-Bencode $original.'piece layers')))
            }
            finally { Stop-TestJob $twoSeeder }
        }

        It 'warns when no peer sends them' {
            # It has the metadata, but no hashes, and no data to compute them from.
            $emptyPort = Get-FreePort
            $empty = Start-TestSeeder -Path (Join-Path $two 'bare.torrent') -DataRoot (Get-TestFolder) -Port $emptyPort
            try {
                $file = Join-Path (Get-TestFolder) 'saved.torrent'
                $null = Save-Torrent $made.MagnetUri $file -Peer "127.0.0.1:$emptyPort" -Source Manual -TimeoutSeconds 3 -WarningVariable warned -WarningAction SilentlyContinue
                "$warned" | Should -BeLike "The piece layers of 'two.bin' were not received: *"
                (Get-TorrentInfo $file).InfoHash | Should -Be $made.InfoHash
            }
            finally { Stop-TestJob $empty }
        }
    }

    It 'writes an error when there is no source of peers' {
        Save-Torrent 'magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567' $TestDrive -Source Manual -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'NoPeers,*'
    }

    It 'stops when the pipeline is stopped' {
        $silent = [TestPeer]::new('0123456789abcdef0123456789abcdef01234567', $true)
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddCommand('Import-Module').AddArgument((Get-Module TorrentPS).Path).AddStatement().
                AddCommand('Save-Torrent').AddParameter('Uri', $unreachable).AddParameter('Destination', "$TestDrive").AddParameter('Source', 'Manual').AddParameter('Peer', "127.0.0.1:$($silent.Port)")
            $running = $shell.BeginInvoke()
            Wait-Until { $silent.Connections -gt 0 }
            $running.IsCompleted | Should -BeFalse
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        }
        finally {
            $shell.Dispose()
            $silent.Dispose()
        }
    }
}

Describe 'Start-TorrentDownload of a magnet link' {
    It 'resolves it and downloads' {
        $target = Get-TestFolder
        $result = Get-TorrentInfo $link | Start-TorrentDownload -Destination $target @from
        $result.State | Should -Be 'Completed'
        $result.Name | Should -Be 'many'
        (Get-FileHash (Join-Path $target 'many/b.bin')).Hash | Should -Be (Get-FileHash (Join-Path $seedRoot 'many/b.bin')).Hash
    }

    It 'downloads only what the link selects' {
        $target = Get-TestFolder
        (Start-TorrentDownload -Uri "$link&so=0" -Destination $target @from).BytesWanted | Should -Be 10
        Join-Path $target 'many/b.bin' | Should -Not -Exist
    }

    It 'runs as a job' {
        $target = Get-TestFolder
        (Start-TorrentDownload $link $target @from -AsJob | Receive-Job -Wait -AutoRemoveJob).State | Should -Be 'Completed'
    }

    It 'writes an error when no metadata arrives' {
        $result = Start-TorrentDownload $unreachable (Get-TestFolder) -Source Manual -StallTimeoutSeconds 1 -ErrorVariable failed -ErrorAction SilentlyContinue
        $result.State | Should -Be 'TimedOut'
        $result.PercentComplete | Should -Be 0
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'MetadataTimedOut,*'
    }
}
